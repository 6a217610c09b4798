import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, type TestDatabase, testDatabase } from '@monteore/testing';
import { clockFrom } from '../clock/test-clock.js';
import { migrate, ServiceDatabase } from '../database/service-database.js';
import { cancelDue, type DueHandler, type DueThing, dueTables, Sweeper, scheduleDue } from './due-things.js';

let test: TestDatabase;
let database: ServiceDatabase;
let now = '';
beforeAll(async () => {
  test = await testDatabase();
  await migrate({ ownerUrl: test.url, schema: 'due', migrations: [{ name: 'Due', sql: dueTables }] });
  database = await ServiceDatabase.connect({ url: test.url, schema: 'due' });
}, 60_000);
afterAll(async () => {
  await database.close();
  await test.drop();
});

let fired: string[];
let failed: string[];
beforeEach(async () => {
  await database.query('DELETE FROM due_things');
  [fired, failed] = [[], []];
  now = '2026-03-02T09:00:00.000Z';
});

const remind: DueHandler = async ({ entityId }) => void fired.push(entityId);
const sweeperOf = (handlers: Record<string, DueHandler> = { remind }, clock = { now: () => now }) =>
  new Sweeper({
    database,
    clock,
    handlers,
    everyMillis: 5,
    onError: (_, thing?: DueThing) => failed.push(thing?.entityId ?? 'sweeping'),
  });
const schedule = (entityId: string, dueAt: string, kind = 'remind') =>
  scheduleDue(database, { kind, entityId, dueAt, data: { for: entityId } });

describe('what falls due', () => {
  it('is fired once its instant has come by the clock, the oldest first, and once', async () => {
    await schedule('late', '2026-03-02T10:00:00.000Z');
    await schedule('early', '2026-03-02T09:30:00.000Z');
    const sweeper = sweeperOf();
    await sweeper.sweep();
    expect(fired).toEqual([]);
    now = '2026-03-02T09:59:59.999Z';
    await sweeper.sweep();
    expect(fired).toEqual(['early']);
    now = '2026-03-02T10:00:00.000Z';
    await sweeper.sweep();
    await sweeper.sweep();
    await schedule('late', '2026-03-02T10:00:00.000Z');
    await sweeper.sweep();
    expect(fired).toEqual(['early', 'late']);
  });

  it('gets what it was scheduled with', async () => {
    const things: DueThing[] = [];
    await schedule('a', '2026-03-02T08:00:00.000Z');
    await sweeperOf({ remind: async (thing) => void things.push(thing) }).sweep();
    expect(things).toEqual([
      { kind: 'remind', entityId: 'a', dueAt: '2026-03-02T08:00:00.000Z', data: { for: 'a' } },
    ]);
  });

  it('survives the process: the next one finds it', async () => {
    await schedule('a', '2026-03-02T09:30:00.000Z');
    const first = sweeperOf();
    first.start();
    await first.stop();
    now = '2026-03-03T00:00:00.000Z';
    const second = sweeperOf();
    second.start();
    await eventually(() => fired.length > 0, 'the thing that is due');
    await second.stop();
    expect(fired).toEqual(['a']);
  });

  it('is tried again when it fails, and keeps nothing else waiting', async () => {
    for (let thing = 0; thing < 120; thing += 1)
      await schedule(`broken-${thing}`, '2026-03-02T07:00:00.000Z');
    await schedule('whole', '2026-03-02T08:00:00.000Z');
    let isBroken = true;
    const sweeper = sweeperOf({
      remind: async (thing) => {
        if (isBroken && thing.entityId.startsWith('broken')) throw new Error('no');
        await remind(thing);
      },
    });
    await sweeper.sweep();
    await sweeper.sweep();
    expect(fired).toEqual(['whole']);
    isBroken = false;
    await sweeper.sweep();
    await sweeper.sweep();
    expect(fired).toHaveLength(121);
    expect(new Set(failed).size).toBe(120);
  });

  it('is tried ever more rarely when it keeps failing', async () => {
    await schedule('broken', '2026-03-02T08:00:00.000Z');
    const sweeper = sweeperOf({ remind: () => Promise.reject(new Error('no')) });
    for (let look = 0; look < 20; look += 1) await sweeper.sweep();
    expect(failed).toHaveLength(5);
    await database.query("UPDATE due_things SET retry_at = retry_at - interval '8 seconds'");
    for (let look = 0; look < 20; look += 1) await sweeper.sweep();
    expect(failed).toHaveLength(6);
    await database.query('UPDATE due_things SET failures = 2000, retry_at = now()');
    await sweeper.sweep();
    const rows = await database.query(
      "SELECT retry_at BETWEEN now() + interval '290 seconds' AND now() + interval '301 seconds' AS soon FROM due_things",
    );
    expect(rows).toEqual([{ soon: true }]);
  });

  it('is forgotten a month after it was done; what waits stays', async () => {
    for (const entityId of ['old', 'done', 'waiting'])
      await schedule(entityId, entityId === 'waiting' ? '2027-01-01T00:00:00Z' : '2026-03-02T08:00:00.000Z');
    await sweeperOf().sweep();
    await database.query(
      "UPDATE due_things SET done_at = now() - interval '31 days' WHERE entity_id = 'old'",
    );
    await sweeperOf().sweep();
    const rows = await database.query('SELECT entity_id FROM due_things ORDER BY entity_id');
    expect(rows).toEqual([{ entity_id: 'done' }, { entity_id: 'waiting' }]);
  });

  it('is not fired when it was cancelled, nor when nobody here knows what to do', async () => {
    await schedule('gone', '2026-03-02T08:00:00.000Z');
    await schedule('strange', '2026-03-02T08:00:00.000Z', 'elsewhere');
    await cancelDue(database, 'remind', 'gone');
    await sweeperOf().sweep();
    expect(fired).toEqual([]);
    const rows = await database.query("SELECT done_at FROM due_things WHERE kind = 'elsewhere'");
    expect(rows).toEqual([{ done_at: null }]);
  });

  it('follows the clock that every process reads from one file', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'monteore-clock-'));
    const file = join(directory, 'offset');
    await writeFile(file, '0');
    const clock = clockFrom(file);
    await schedule('tomorrow', new Date(Date.now() + 86_400_000).toISOString());
    const sweeper = sweeperOf({ remind }, clock);
    await sweeper.sweep();
    expect(fired).toEqual([]);
    await writeFile(file, '86400001\n');
    await sweeper.sweep();
    expect(fired).toEqual(['tomorrow']);
    await writeFile(file, 'soon');
    expect(() => clock.now()).toThrow('whole number of milliseconds');
    await rm(directory, { recursive: true });
  });
});
