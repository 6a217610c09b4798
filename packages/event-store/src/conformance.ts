import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { describeAppending, describeSeveralStreams } from './conformance/appending.js';
import { newEvents, type StoreFixture, StreamWriter } from './conformance/fixtures.js';
import { describeReading } from './conformance/reading.js';
import { describeSubscribing } from './conformance/subscribing.js';

export * from './conformance/fixtures.js';

export interface ConformanceOptions {
  /** Makes an empty store. */
  create(): Promise<StoreFixture>;
  /** For servers that cannot commit several streams together. */
  readonly skipSeveralStreams?: boolean;
}

/** What every driver of the event store does alike. For spec files only: it declares Jest tests. */
export function describeEventStore(name: string, { create, skipSeveralStreams }: ConformanceOptions): void {
  describe(`event store ${name}`, () => {
    let current: StoreFixture;
    beforeAll(async () => {
      current = await create();
    }, 30_000);
    afterAll(() => current.destroy());
    const fixture = () => current;

    describe('appending', () => describeAppending(fixture));
    describe('several streams', () => {
      if (skipSeveralStreams) describeOneStreamOnly(fixture);
      else describeSeveralStreams(fixture);
    });
    describe('reading', () => describeReading(fixture, create));
    describe('subscribing', () => describeSubscribing(fixture));
  });
}

function describeOneStreamOnly(fixture: () => StoreFixture): void {
  test('says that it cannot commit several streams together, and refuses to', async () => {
    const { store } = fixture();
    const [one, two] = [new StreamWriter(), new StreamWriter()];
    expect(store.commitsSeveralStreams).toBe(false);
    await expect(store.append([one.peek(newEvents(1)), two.peek(newEvents(1))])).rejects.toThrow(TypeError);
    expect(await store.read(one.streamId)).toEqual([]);
  });
}
