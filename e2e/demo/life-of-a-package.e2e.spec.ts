import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Instance, startInstance } from '../harness/instance.ts';
import { playLife } from './life-of-a-package.ts';

let instance: Instance;
beforeAll(async () => {
  instance = await startInstance({ empty: true, clock: true });
}, 60_000);
afterAll(() => instance?.stop());

describe('R1–R15 the life of one package', () => {
  test('board, entries counted anew and the rules agree after every step, to the mailed spreadsheet', async () => {
    const { steps, workbook } = await playLife(instance);
    expect(steps.filter(({ agrees }) => !agrees)).toEqual([]);
    expect(steps.at(-1)?.board).toEqual({ posted: 0, held: 0, available: 0, pending: 0 });
    expect(workbook.subarray(0, 2).toString()).toBe('PK');
  }, 120_000);
});
