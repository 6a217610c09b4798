import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PersistentMap } from './persistent-map.js';

describe('PersistentMap', () => {
  it('keeps every version as it was, whatever was made of it and read since', () => {
    const operation = fc.record({ from: fc.nat(), key: fc.nat(5), value: fc.nat(), remove: fc.boolean() });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const versions = [{ real: PersistentMap.empty<number, number>(), model: new Map<number, number>() }];
        for (const { from, key, value, remove } of operations) {
          const base = versions[from % versions.length]!;
          const model = new Map(base.model);
          if (remove) model.delete(key);
          else model.set(key, value);
          versions.push({ real: remove ? base.real.without(key) : base.real.with(key, value), model });
        }
        for (const { real, model } of versions) {
          expect(new Map(real.entries())).toEqual(model);
          expect(real.size).toBe(model.size);
        }
      }),
    );
  });
});
