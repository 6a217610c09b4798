import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { StartedService } from '@monteore/service/testing';
import { type TestDatabase, testDatabase } from '@monteore/testing';
import pg from 'pg';
import { boardRows } from '../testing/board-rows.js';
import { minutesOf } from '../testing/messages.js';
import { estimationStory, idsOf, ledgerStory } from '../testing/package-story.js';
import { startReporting } from '../testing/started-reporting.js';
import { EXAMPLES, isDifferent } from './comparing-boards.js';
import { replayDiff } from './replay-diff.js';

let database: TestDatabase;
let owner: pg.Pool;
let reporting: StartedService;
const name = 'confronto';
const ids = idsOf(name);
const ledger = ledgerStory(name);

beforeAll(async () => {
  database = await testDatabase();
  owner = new pg.Pool({ connectionString: database.url });
  reporting = await startReporting(database.url);
  await reporting.publish(...ledger.told, ...estimationStory(name).told);
}, 60_000);
afterAll(async () => {
  await owner.end();
  await reporting.stop();
  await database.drop();
});

const diff = () =>
  replayDiff({ ownerUrl: database.url, schema: 'reporting', messaging: reporting.messaging });
const differing = async () => (await diff()).tables.filter(isDifferent);

test('boards that this build has folded show no difference, and nothing is left behind', async () => {
  const before = await boardRows(reporting.service.core.database);
  const { messages, tables } = await diff();
  expect(messages).toBe(ledger.told.length + estimationStory(name).told.length);
  expect(tables.map(({ table, servingRows, replayedRows }) => [table, servingRows === replayedRows])).toEqual(
    Object.keys(before).map((table) => [table, true]),
  );
  expect(tables.filter(isDifferent)).toEqual([]);
  expect(await boardRows(reporting.service.core.database)).toEqual(before);
  const left = await owner.query(`SELECT nspname FROM pg_namespace WHERE nspname LIKE 'reporting_%'`);
  expect(left.rows.map(({ nspname }) => nspname)).toEqual(['reporting_events']);
});

test('what differs is named: rows by key, columns with both values, counts', async () => {
  await owner.query(
    `UPDATE reporting.package_ledger SET available_minutes = 1, lots = '[]';
     DELETE FROM reporting.movements WHERE sequence = 2;
     INSERT INTO reporting.activity_minutes (activity_id, held_minutes) VALUES ('planted', 5)`,
  );
  const [packages, movements, minutes, ...others] = await differing();
  expect(others).toEqual([]);
  expect(packages).toEqual({
    table: 'package_ledger',
    servingRows: 1,
    replayedRows: 1,
    added: 0,
    removed: 0,
    changed: 1,
    columns: { available_minutes: 1, lots: 1 },
    examples: [
      {
        key: { package_id: ids.packageId },
        kind: 'changed',
        columns: { available_minutes: ['1', '450'], lots: ['[]', expect.stringMatching(/^\[\{.{118}…$/)] },
      },
    ],
  });
  expect(movements).toMatchObject({ table: 'movements', added: 1, removed: 0, changed: 0, columns: {} });
  expect(movements!.examples).toEqual([
    { key: { package_id: ids.packageId, sequence: '2' }, kind: 'added', columns: {} },
  ]);
  expect(minutes).toMatchObject({ table: 'activity_minutes', added: 0, removed: 1, changed: 0 });
  expect(minutes!.examples).toEqual([{ key: { activity_id: 'planted' }, kind: 'removed', columns: {} }]);
});

test('examples are few, counts are whole', async () => {
  await owner.query('UPDATE reporting.activity_story SET facts = NULL');
  const story = (await differing()).find(({ table }) => table === 'activity_story')!;
  expect([story.changed, story.columns, story.examples.length]).toEqual([12, { facts: 12 }, EXAMPLES]);
});

test('a column, and a table, that do not serve yet are new', async () => {
  await owner.query(
    'ALTER TABLE reporting.activity_facts DROP COLUMN waiting; DROP TABLE reporting.overruns; ' +
      'ALTER TABLE reporting.activity_facts ALTER COLUMN number TYPE text, ADD COLUMN gone text DEFAULT 1',
  );
  const diffs = await differing();
  expect(diffs.find(({ table }) => table === 'activity_facts')).toMatchObject({
    changed: 4,
    columns: { waiting: 1, gone: 4 },
  });
  expect(diffs.find(({ table }) => table === 'overruns')).toMatchObject({ servingRows: 0, added: 1 });
});

test('two do not run at a time, and boards that move meanwhile are compared at one moment', async () => {
  const other = await testDatabase();
  const service = await startReporting(other.url);
  try {
    const options = { ownerUrl: other.url, schema: 'reporting', messaging: service.messaging };
    const script = ledgerStory(name);
    await service.publish(...script.told, ...estimationStory(name).told);
    let writing = true;
    const writer = (async () => {
      while (writing) {
        script.work(minutesOf('extra', 0, 1, 1), 1, 0);
        await service.publish(script.told.at(-1)!);
      }
    })();
    for (let turn = 0; turn < 5; turn += 1) {
      const [one, second] = await Promise.allSettled([replayDiff(options), replayDiff(options)]);
      const ended = [one, second].filter(({ status }) => status === 'fulfilled');
      expect(ended.length).toBeGreaterThan(0);
      for (const outcome of [one, second]) {
        if (outcome.status === 'rejected')
          expect(outcome.reason.message).toContain('another replay-diff runs');
        else expect(outcome.value.tables.filter(isDifferent)).toEqual([]);
      }
    }
    writing = false;
    await writer;
  } finally {
    await service.stop();
    await other.drop();
  }
}, 60_000);
