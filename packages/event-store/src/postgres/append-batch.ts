import type { Position, StreamAppended, VersionConflict } from '../port.js';
import type { PreparedAppend } from '../validation.js';
import type { Ask, Statements } from './reads.js';

/** What the store has to say about one call of a batch. */
export type CallOutcome =
  | { readonly kind: 'appended'; readonly streams: readonly StreamAppended[] }
  | { readonly kind: 'conflict'; readonly conflict: VersionConflict }
  /** The version fits and the hash does not: the caller's copy of the stream is of another history. */
  | { readonly kind: 'other-history'; readonly streamId: string };

interface VerdictRow {
  readonly call: number;
  readonly part: number;
  readonly actual_version: number;
  readonly continues: boolean;
  readonly first_position: string | null;
}

/**
 * Sends a batch as one statement, which is one transaction; the same batch makes the same bytes. An answer is the
 * truth about every call; an error says nothing about any.
 */
export async function sendBatch(
  ask: Ask,
  statements: Statements,
  batch: readonly PreparedAppend[],
): Promise<readonly CallOutcome[]> {
  const streams = batch.flatMap(({ appends }, call) =>
    appends.map(({ streamId, expectedVersion }, part) => ({ call, part, streamId, expectedVersion })),
  );
  const events = `[${batch.map(({ eventTexts }) => eventTexts.join(',')).join(',')}]`;
  const rows = await ask<VerdictRow>(statements.append, [JSON.stringify(streams), events]);
  const verdicts: VerdictRow[][] = batch.map(() => []);
  for (const row of rows) verdicts[row.call]?.push(row);
  return batch.map(({ appends }, call) => outcomeOf(appends, verdicts[call]!));
}

function outcomeOf(appends: PreparedAppend['appends'], verdicts: readonly VerdictRow[]): CallOutcome {
  if (verdicts.length !== appends.length) throw new Error('the append function did not judge every stream');
  for (const { part, actual_version: actualVersion } of verdicts) {
    const { streamId, expectedVersion } = appends[part]!;
    if (actualVersion !== expectedVersion)
      return { kind: 'conflict', conflict: { streamId, expectedVersion, actualVersion } };
  }
  const strange = verdicts.find(({ continues }) => !continues);
  if (strange !== undefined) return { kind: 'other-history', streamId: appends[strange.part]!.streamId };
  const streams = verdicts.map(({ part, first_position }) => {
    const append = appends[part]!;
    const first = BigInt(first_position!);
    return appended(
      append,
      append.events.map((_, index) => first + BigInt(index)),
    );
  });
  return { kind: 'appended', streams };
}

function appended(
  { streamId, expectedVersion, events }: PreparedAppend['appends'][number],
  positions: readonly Position[],
): StreamAppended {
  return { streamId, version: expectedVersion + events.length, positions };
}

interface KnownRow {
  readonly event_id: string;
  readonly stream_id: string;
  readonly version: number;
  readonly hash: string;
  readonly position: string;
}

/**
 * Whether a call that met a conflict is stored already, by an earlier sending of the same events: only when every
 * one of them is there, in its place and with its hash. A part of them is none of ours.
 */
export async function findStored(
  ask: Ask,
  statements: Statements,
  { appends }: PreparedAppend,
): Promise<readonly StreamAppended[] | undefined> {
  const ids = appends.flatMap(({ events }) => events.map(({ eventId }) => eventId));
  const rows = await ask<KnownRow>(statements.byIds, [ids]);
  const known = new Map(rows.map((row) => [row.event_id, row]));
  const streams: StreamAppended[] = [];
  for (const append of appends) {
    const positions: Position[] = [];
    for (const { eventId, version, hash } of append.events) {
      const row = known.get(eventId);
      if (row?.stream_id !== append.streamId || row.version !== version || row.hash !== hash)
        return undefined;
      positions.push(BigInt(row.position));
    }
    streams.push(appended(append, positions));
  }
  return streams;
}
