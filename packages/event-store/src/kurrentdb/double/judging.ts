import type { ExpectedRevision } from './record.js';

/** What is known of a stream when an append to it is judged. */
export interface StreamView {
  /** -1 when nothing was ever appended. */
  readonly lastRevision: number;
  readonly tombstoned: boolean;
  readonly softDeleted: boolean;
  idAt(revision: number): string | undefined;
  /** Where in this stream the server has stored an id since it was started. */
  revisionInThisRun(id: string): number | undefined;
}

export type Verdict =
  | { readonly kind: 'append' }
  | { readonly kind: 'repeat'; readonly lastRevision: number }
  | { readonly kind: 'wrong-version' }
  | { readonly kind: 'deleted' };

/**
 * Whether an append is one, a repeat, or refused, as the server decides it: by ids alone. With an exact version they
 * are compared with what stands behind it, so for ever; otherwise with what this run of the server has stored.
 */
export function judge(stream: StreamView, expected: ExpectedRevision, ids: readonly string[]): Verdict {
  if (stream.tombstoned) return { kind: 'deleted' };
  if (expected === 'any' || expected === 'stream_exists') return judgeLoosely(stream, expected, ids);
  const after = expected === 'no_stream' ? -1 : expected;
  if (after > stream.lastRevision) return { kind: 'wrong-version' };
  if (after === stream.lastRevision) return { kind: 'append' };
  const different = ids.findIndex((id, index) => stream.idAt(after + 1 + index) !== id);
  if (different === -1) return { kind: 'repeat', lastRevision: after + ids.length };
  if (different === 0 && expected === 'no_stream' && stream.softDeleted) return { kind: 'append' };
  return { kind: 'wrong-version' };
}

function judgeLoosely(
  stream: StreamView,
  expected: 'any' | 'stream_exists',
  ids: readonly string[],
): Verdict {
  if (expected === 'stream_exists') {
    if (stream.softDeleted) return { kind: 'deleted' };
    if (stream.lastRevision < 0) return { kind: 'wrong-version' };
  }
  const revisions = ids.map((id) => stream.revisionInThisRun(id));
  const unknown = revisions.indexOf(undefined);
  if (unknown === 0 || ids.length === 0) return { kind: 'append' };
  if (unknown > 0) return { kind: 'wrong-version' };
  return { kind: 'repeat', lastRevision: revisions.at(-1)! };
}
