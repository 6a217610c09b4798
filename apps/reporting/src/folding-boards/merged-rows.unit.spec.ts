import { describe, expect, it } from '@jest/globals';
import { MergedRows } from './merged-rows.js';
import type { RowChange } from './row-change.js';

/** What each statement writes, insert by insert. */
function statementsOf(...changes: readonly RowChange[]) {
  const merged = new MergedRows();
  for (const change of changes) merged.add(change);
  return [...merged.statements()].map(({ text, parameters }) =>
    [...text.matchAll(/INSERT INTO (\w+) AS known \(([^)]*)\)[^$]*\$(\d+)/g)].map(
      ([, table, columns, parameter]) => ({
        table,
        columns: columns!.split(', '),
        rows: JSON.parse(parameters[Number(parameter) - 1]!),
      }),
    ),
  );
}

const minutes = (activityId: string, row: object): RowChange => ({
  table: 'activity_minutes',
  row: { activity_id: activityId, ...row },
});
const deadline = (requestId: string, position: bigint): RowChange => ({
  table: 'deadlines',
  row: { request_id: requestId, position },
  unlessNewer: true,
});

describe('changes of many rows', () => {
  it('of one row are one, in which the later value of a column counts and an unnamed column stays', () => {
    expect(
      statementsOf(
        minutes('a', { held_minutes: 10, actual_minutes: 1 }),
        minutes('a', { held_minutes: null, charged_minutes: 5, actual_minutes: undefined }),
      ),
    ).toEqual([
      [
        {
          table: 'activity_minutes',
          columns: ['activity_id', 'held_minutes', 'actual_minutes', 'charged_minutes'],
          rows: [{ activity_id: 'a', held_minutes: null, actual_minutes: 1, charged_minutes: 5 }],
        },
      ],
    ]);
  });

  it('of several tables and columns are one statement, with an insert for each set of columns', () => {
    const [statement, ...others] = statementsOf(
      minutes('a', { held_minutes: 1 }),
      minutes('b', { held_minutes: 2 }),
      minutes('c', { actual_minutes: 3 }),
      deadline('r', 1n),
    );
    expect(others).toEqual([]);
    expect(statement!.map(({ table, rows }) => [table, rows.length])).toEqual([
      ['activity_minutes', 2],
      ['activity_minutes', 1],
      ['deadlines', 1],
    ]);
  });

  it('follow one another where the row that is there decides, so that an older one in between changes nothing', () => {
    const statements = statementsOf(
      deadline('r', 5n),
      deadline('r', 12n),
      deadline('s', 1n),
      deadline('r', 7n),
    );
    expect(
      statements.map(([insert]) => insert!.rows.map(({ position }: { position: string }) => position)),
    ).toEqual([['5', '1'], ['12'], ['7']]);
  });

  it('are nothing where there are none', () => {
    expect(statementsOf()).toEqual([]);
  });
});
