import { describe, expect, it } from '@jest/globals';
import { MergedRows } from './merged-rows.js';
import type { RowChange } from './row-change.js';

function statementsOf(...changes: readonly RowChange[]) {
  const merged = new MergedRows();
  for (const change of changes) merged.add(change);
  return [...merged.statements()].map(({ text, rows }) => ({
    table: /INSERT INTO (\w+)/.exec(text)![1],
    columns: /\(([^)]*)\)/.exec(text)![1]!.split(', '),
    isConditional: text.includes('known.position <= EXCLUDED.position'),
    rows: JSON.parse(rows),
  }));
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
      {
        table: 'activity_minutes',
        columns: ['activity_id', 'held_minutes', 'actual_minutes', 'charged_minutes'],
        isConditional: false,
        rows: [{ activity_id: 'a', held_minutes: null, actual_minutes: 1, charged_minutes: 5 }],
      },
    ]);
  });

  it('of rows that name the same columns share a statement, others have their own', () => {
    const statements = statementsOf(
      minutes('a', { held_minutes: 1 }),
      minutes('b', { held_minutes: 2 }),
      minutes('c', { actual_minutes: 3 }),
    );
    expect(statements.map(({ rows }) => rows.length)).toEqual([2, 1]);
  });

  it('follow one another where the row that is there decides, so that an older one in between changes nothing', () => {
    const statements = statementsOf(
      deadline('r', 5n),
      deadline('r', 12n),
      deadline('s', 1n),
      deadline('r', 7n),
    );
    expect(statements.map(({ isConditional }) => isConditional)).toEqual([true, true, true]);
    expect(statements.map(({ rows }) => rows.map((row: { position: string }) => row.position))).toEqual([
      ['5', '1'],
      ['12'],
      ['7'],
    ]);
  });

  it('are bounded, however many rows there are', () => {
    const many = Array.from({ length: 4500 }, (_, index) => minutes(`a${index}`, { held_minutes: index }));
    expect(statementsOf(...many).map(({ rows }) => rows.length)).toEqual([2000, 2000, 500]);
  });
});
