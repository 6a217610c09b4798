import { describe, expect, test } from '@jest/globals';
import { EMPTY_STREAM, findChainFault, hashOf, sealEvents } from './chain.js';
import type { NewEvent, SealedEvent } from './port.js';

const id = (last: string) => `018f3a52-0000-7000-8000-0000000000${last}`;
const NOW = '2026-03-02T09:00:00.000Z';
const EARLIER = '2026-03-02T08:59:59.000Z';

const metadata = {
  actor: { subject: id('01'), role: 'team-member' as const },
  commandId: id('02'),
  inputHash: 'ab'.repeat(32),
  correlationId: id('03'),
};
const first: NewEvent = {
  eventId: id('e1'),
  type: 'WorkCharged',
  schemaVersion: 1,
  data: {
    note: 'già "fatto" \\ 🙂',
    minutes: 90,
    lots: [
      { minutes: 60, id: 'l1' },
      { id: 'l2', minutes: 30 },
    ],
    absent: undefined,
  },
  occurredOn: '2026-03-02',
  metadata,
};
const second: NewEvent = {
  ...first,
  eventId: id('e2'),
  data: { reason: null, minutes: 0.5 },
  metadata: { ...metadata, causationId: id('04'), traceparent: '00-aa-bb-01' },
};

/** Made by another program, from the canonical form as chain.ts describes it. A change of one breaks every stored chain. */
const HASHES = [
  '7eb2d69a8d4148787fef44f9a8455ffae125de7bdde746a6e8671e3b14acc9d1',
  '4c93ec29e131d61b9613db48dcc03e6c291eceb95309ad91160dd0ca3d28b8fd',
];

const chainOf = (...events: NewEvent[]) => sealEvents('package-1', EMPTY_STREAM, NOW, events).sealed;

describe('hashOf', () => {
  test('gives the fixed hashes', () => {
    expect(chainOf(first, second).map(({ hash }) => hash)).toEqual(HASHES);
  });

  test('does not depend on the trace context, the position or the order of members', () => {
    const [, event] = chainOf(first, second);
    const { metadata: known, ...rest } = event!;
    const { traceparent: _, ...others } = known;
    const stored = { position: 7n, metadata: { ...others, traceparent: '00-cc-dd-00' }, ...rest };
    expect(hashOf(stored)).toBe(HASHES[1]);
  });

  test.each([
    ['NaN', { minutes: Number.NaN }],
    ['an integer that is not exact', { minutes: 2 ** 53 }],
    ['half a character', { note: '\ud83d' }],
  ])('refuses %s', (_, data) => {
    expect(() => chainOf({ ...first, data })).toThrow(TypeError);
  });
});

describe('sealEvents', () => {
  test('continues a stream and answers its new end', () => {
    const [one] = chainOf(first);
    const tail = { version: 1, hash: one!.hash, recordedAt: one!.recordedAt };
    const later = '2026-03-02T10:00:00.000Z';
    const { sealed, tail: end } = sealEvents('package-1', tail, later, [second]);
    expect(sealed[0]).toMatchObject({ version: 2, previousHash: HASHES[0], recordedAt: later });
    expect(end).toEqual({ version: 2, hash: sealed[0]!.hash, recordedAt: later });
    expect(findChainFault(sealed, tail)).toBeNull();
  });

  test('a clock that goes back does not: recordedAt stays at the previous one', () => {
    const [one] = chainOf(first);
    const tail = { version: 1, hash: one!.hash, recordedAt: NOW };
    const { sealed } = sealEvents('package-1', tail, EARLIER, [second]);
    expect(sealed[0]!.recordedAt).toBe(NOW);
    expect(sealed[0]!.hash).toBe(HASHES[1]);
  });
});

describe('findChainFault', () => {
  const chain = chainOf(first, second, { ...first, eventId: id('e3') });
  const rehashed = (event: SealedEvent): SealedEvent => ({ ...event, hash: hashOf(event) });
  const withSecond = (change: (event: SealedEvent) => SealedEvent) =>
    chain.map((event) => (event.version === 2 ? change(event) : event));

  test('finds none in a sound chain, nor in an empty one', () => {
    expect(findChainFault(chain)).toBeNull();
    expect(findChainFault([])).toBeNull();
  });

  test.each<[string, Partial<SealedEvent>, string]>([
    ['eventId', { eventId: id('ff') }, 'hash'],
    ['streamId', { streamId: 'package-2' }, 'hash'],
    ['version', { version: 3 }, 'gap'],
    ['type', { type: 'WorkUncharged' }, 'hash'],
    ['schemaVersion', { schemaVersion: 2 }, 'hash'],
    ['data', { data: { reason: null, minutes: 0.25 } }, 'hash'],
    ['data, by a member more', { data: { reason: null, minutes: 0.5, more: '' } }, 'hash'],
    ['data, by a member less', { data: { minutes: 0.5 } }, 'hash'],
    ['data, number for text', { data: { reason: null, minutes: '0.5' } }, 'hash'],
    ['occurredOn', { occurredOn: '2026-03-01' }, 'hash'],
    ['recordedAt', { recordedAt: '2026-03-02T09:00:00.001Z' }, 'hash'],
    ['recordedAt, before the previous', { recordedAt: EARLIER }, 'time'],
    ['previousHash', { previousHash: 'a'.repeat(64) }, 'previous-hash'],
    ['hash', { hash: 'a'.repeat(64) }, 'hash'],
    ['metadata.actor', { metadata: { ...metadata, actor: { subject: id('09'), role: 'machine' } } }, 'hash'],
    ['metadata.commandId', { metadata: { ...metadata, commandId: id('09') } }, 'hash'],
    ['metadata.inputHash', { metadata: { ...metadata, inputHash: 'cd'.repeat(32) } }, 'hash'],
    ['metadata.correlationId', { metadata: { ...metadata, correlationId: id('09') } }, 'hash'],
    ['metadata.causationId', { metadata }, 'hash'],
  ])('finds a changed %s', (_, change, problem) => {
    const { version } = { ...chain[1]!, ...change };
    expect(findChainFault(withSecond((event) => ({ ...event, ...change })))).toEqual({ version, problem });
  });

  test('who changes an event and its hash breaks the link to the next', () => {
    const forged = withSecond((event) => rehashed({ ...event, data: { minutes: 1 } }));
    expect(findChainFault(forged)).toEqual({ version: 3, problem: 'previous-hash' });
  });

  test('finds an event that was taken out, put in twice or moved', () => {
    const [a, b, c] = chain as [SealedEvent, SealedEvent, SealedEvent];
    expect(findChainFault([a, c])).toEqual({ version: 3, problem: 'gap' });
    expect(findChainFault([b, c])).toEqual({ version: 2, problem: 'gap' });
    expect(findChainFault([a, a, b])).toEqual({ version: 1, problem: 'gap' });
    expect(findChainFault([b, a, c])).toEqual({ version: 2, problem: 'gap' });
  });
});
