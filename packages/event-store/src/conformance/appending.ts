import { expect, test } from '@jest/globals';
import { canonicalJson } from '@monteore/kernel';
import { findChainFault } from '../chain.js';
import { AppendTooLargeError, MAX_APPEND_BYTES, type StreamAppend } from '../port.js';
import { newEvent, newEvents, positionsOf, type StoreFixture, StreamWriter, sealedOf } from './fixtures.js';

export function describeAppending(fixture: () => StoreFixture): void {
  const store = () => fixture().store;

  test('appends an event and answers its version and position', async () => {
    const writer = new StreamWriter();
    const append = writer.next();
    const outcome = await store().append([append]);
    const [position] = positionsOf(outcome);
    expect(outcome).toEqual({
      appended: true,
      streams: [{ streamId: writer.streamId, version: 1, positions: [position] }],
    });
    expect(position).toBeGreaterThan(0n);
    expect(await store().read(writer.streamId)).toEqual([{ ...append.events[0], position }]);
  });

  test.each([
    { stored: 0, claimed: 1 },
    { stored: 0, claimed: 7 },
    { stored: 3, claimed: 0 },
    { stored: 3, claimed: 2 },
    { stored: 3, claimed: 4 },
  ])('at version $stored, refuses what expects $claimed and says where it stands', async (row) => {
    const writer = new StreamWriter();
    if (row.stored > 0) await store().append([writer.next(newEvents(row.stored))]);
    expect(await store().append([writer.claiming(row.claimed)])).toEqual({
      appended: false,
      conflict: { streamId: writer.streamId, expectedVersion: row.claimed, actualVersion: row.stored },
    });
    expect(await store().read(writer.streamId)).toHaveLength(row.stored);
    expect((await store().append([writer.next()])).appended).toBe(true);
  });

  test('the same append again is answered as the first one was, also after later events', async () => {
    const writer = new StreamWriter();
    const [first, second] = [writer.next(newEvents(3)), writer.next()];
    const outcome = await store().append([first]);
    expect(await store().append([first])).toEqual(outcome);
    await store().append([second]);
    expect(await store().append([first])).toEqual(outcome);
    expect(await store().read(writer.streamId)).toHaveLength(4);
  });

  test('an append that repeats a part and adds another is refused', async () => {
    const writer = new StreamWriter();
    const events = newEvents(2);
    await store().append([writer.peek(events)]);
    const conflict = { streamId: writer.streamId, expectedVersion: 0, actualVersion: 2 };
    const longer = writer.peek([...events, newEvent()]);
    const forked = writer.peek([events[0]!, newEvent()]);
    const rewritten = writer.peek([{ ...events[0]!, data: { minutes: 31 } }, events[1]!]);
    for (const append of [longer, forked, rewritten])
      expect(await store().append([append])).toEqual({ appended: false, conflict });
    expect(await store().read(writer.streamId)).toHaveLength(2);
  });

  test('of two appends that race for a version exactly one wins, 50 times', async () => {
    const other = await fixture().reopen();
    const race = async () => {
      const writer = new StreamWriter();
      const outcomes = await Promise.all([store().append([writer.peek()]), other.append([writer.peek()])]);
      const [loser] = outcomes.filter(({ appended }) => !appended);
      expect(loser).toEqual({
        appended: false,
        conflict: { streamId: writer.streamId, expectedVersion: 0, actualVersion: 1 },
      });
      expect(outcomes.filter(({ appended }) => appended)).toHaveLength(1);
      expect(await store().read(writer.streamId)).toHaveLength(1);
    };
    await Promise.all(Array.from({ length: 50 }, race));
  });

  test('appends of one process to one stream keep their order', async () => {
    const writer = new StreamWriter();
    const appends = Array.from({ length: 20 }, () => writer.next());
    const outcomes = await Promise.all(appends.map((append) => store().append([append])));
    expect(outcomes.every(({ appended }) => appended)).toBe(true);
    expect(findChainFault(await store().read(writer.streamId))).toBeNull();
  });

  test('the hash chain holds after reading back', async () => {
    const writer = new StreamWriter();
    const appends = [1, 4, 2].map((count) => writer.next(newEvents(count)));
    for (const append of appends) await store().append([append]);
    const stored = await store().read(writer.streamId);
    expect(stored.map(sealedOf)).toEqual(appends.flatMap(({ events }) => events));
    expect(findChainFault(stored)).toBeNull();
  });

  test.each([
    ['emoji and accents', { text: '👩‍🔧 già perché — e\u0301 ﷽ \u202e' }],
    ['quotes and backslashes', { text: '\'"`$1 $$ %s \\ \\\\ \\u0000 {"a":1} \r\n\t\u0001\u001f\u2028' }],
    ['odd names of members', JSON.parse('{"":1,"__proto__":{"a":"b"},"10":0,"9":0,"a.b":[],"$x":{}}')],
    ['numbers', { a: 0.1, b: 1e-7, c: 5e-324, d: 0.30000000000000004, e: Number.MAX_SAFE_INTEGER, f: -1.5 }],
    ['nothing', { a: null, b: [], c: {}, d: [null, [[]], { e: null }], f: '', g: false }],
    ['a very long text', { text: 'però "x" \\ 🙂 '.repeat(20_000) }],
  ])('keeps %s exactly', async (_, data) => {
    const writer = new StreamWriter(`odd '"\\ % 🙂 ${new StreamWriter().streamId}`);
    const append = writer.next([newEvent(data)]);
    await store().append([append]);
    const stored = await store().read(writer.streamId);
    expect(canonicalJson(stored[0]!.data)).toBe(canonicalJson(data));
    expect(stored[0]!.streamId).toBe(writer.streamId);
    expect(findChainFault(stored)).toBeNull();
  });

  test('an absent member stays absent and the trace context is kept', async () => {
    const writer = new StreamWriter();
    const event = newEvent({ present: 1, absent: undefined });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await store().append([writer.next([{ ...event, metadata: { ...event.metadata, traceparent } }])]);
    const [stored] = await store().read(writer.streamId);
    expect(Object.keys(stored!.data)).toEqual(['present']);
    expect(stored!.metadata).toEqual({ ...event.metadata, traceparent });
  });

  test('up to 1 MiB goes in, more is refused, and the others of that moment are not disturbed', async () => {
    const text = (bytes: number) => newEvent({ text: 'x'.repeat(bytes) });
    const [large, tooLarge, small] = [new StreamWriter(), new StreamWriter(), new StreamWriter()];
    const [stored, refused, other] = await Promise.allSettled([
      store().append([large.next([text(MAX_APPEND_BYTES - 10_000)])]),
      store().append([tooLarge.next([text(MAX_APPEND_BYTES / 2), text(MAX_APPEND_BYTES / 2)])]),
      store().append([small.next()]),
    ]);
    expect(stored).toMatchObject({ status: 'fulfilled', value: { appended: true } });
    expect(refused).toMatchObject({ status: 'rejected', reason: expect.any(AppendTooLargeError) });
    expect(other).toMatchObject({ status: 'fulfilled', value: { appended: true } });
    expect(await store().read(tooLarge.streamId)).toEqual([]);
  });

  const spoiled = (change: (append: StreamAppend) => StreamAppend) => () => [
    change(new StreamWriter('spoiled').peek(newEvents(2))),
  ];
  const withData = (data: unknown) =>
    spoiled((append) => ({
      ...append,
      events: append.events.map((event) => ({ ...event, data: data as typeof event.data })),
    }));
  test.each<[string, () => StreamAppend[]]>([
    ['no stream', () => []],
    ['no events', spoiled((append) => ({ ...append, events: [] }))],
    ['a stream twice', () => [new StreamWriter('spoiled').peek(), new StreamWriter('spoiled').peek()]],
    ['events of another stream', spoiled((append) => ({ ...append, streamId: 'another' }))],
    ['a gap of versions', spoiled((append) => ({ ...append, expectedVersion: 4 }))],
    ['events in the wrong order', spoiled((append) => ({ ...append, events: append.events.toReversed() }))],
    [
      'a link that does not hold',
      spoiled(({ events: [a, b], ...rest }) => ({
        ...rest,
        events: [a!, { ...b!, previousHash: 'e'.repeat(64) }],
      })),
    ],
    [
      'an id twice',
      spoiled(({ events: [a, b], ...rest }) => ({ ...rest, events: [a!, { ...b!, eventId: a!.eventId }] })),
    ],
    ['a NUL character', withData({ text: 'a\u0000b' })],
    ['half a character', withData({ text: 'a\ud83d' })],
    ['a number that JSON cannot carry', withData({ minutes: Number.NaN })],
    ['a bigint', withData({ minutes: 1n })],
    ['no data', withData(undefined)],
  ])('refuses %s as a mistake of its caller', async (_, make) => {
    await expect(store().append(make())).rejects.toThrow(TypeError);
    expect(await store().read('spoiled')).toEqual([]);
  });
}

export function describeSeveralStreams(fixture: () => StoreFixture): void {
  const store = () => fixture().store;

  test('several streams are committed together', async () => {
    const writers = [new StreamWriter(), new StreamWriter(), new StreamWriter()];
    const appends = writers.map((writer) => writer.next(newEvents(2)));
    const outcome = await store().append(appends);
    const positions = positionsOf(outcome);
    expect(positions).toEqual([...positions].sort((a, b) => Number(a - b)));
    for (const { streamId, events } of appends)
      expect((await store().read(streamId)).map(sealedOf)).toEqual(events);
    expect(await store().append(appends)).toEqual(outcome);
  });

  test('when one stream of several is not at its version, nothing of the append is stored', async () => {
    const [fresh, moved, bystander] = [new StreamWriter(), new StreamWriter(), new StreamWriter()];
    await store().append([moved.next(newEvents(2))]);
    const [refused, other] = await Promise.all([
      store().append([fresh.peek(), moved.claiming(1)]),
      store().append([bystander.next()]),
    ]);
    expect(refused).toEqual({
      appended: false,
      conflict: { streamId: moved.streamId, expectedVersion: 1, actualVersion: 2 },
    });
    expect(other.appended).toBe(true);
    expect(await store().read(fresh.streamId)).toEqual([]);
    expect(await store().read(moved.streamId)).toHaveLength(2);
  });

  test('a repeat that is stored in one stream and not in the other is refused', async () => {
    const [one, two] = [new StreamWriter(), new StreamWriter()];
    const first = one.peek();
    await store().append([first]);
    expect((await store().append([first, two.peek()])).appended).toBe(false);
    expect(await store().read(two.streamId)).toEqual([]);
  });
}
