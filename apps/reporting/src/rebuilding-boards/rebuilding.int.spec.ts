import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { derivedId, ROLES } from '@monteore/kernel';
import type { ServiceDefinition } from '@monteore/service';
import { StartedService, type Told } from '@monteore/service/testing';
import { eventually, type TestDatabase, testDatabase } from '@monteore/testing';
import pg from 'pg';
import { BOARD_TABLES } from '../folding-boards/tables.js';
import { reportingService } from '../reporting.service.js';
import { boardRows } from '../testing/board-rows.js';
import { IntakeScript, LedgerScript, minutesOf } from '../testing/messages.js';
import {
  closeEstimation,
  closeLedger,
  estimationStory,
  idsOf,
  ledgerStory,
  peopleStory,
} from '../testing/package-story.js';
import { BoardRebuild, type RebuildOptions } from './board-rebuild.js';
import { rebuildState } from './rebuilds-table.js';

let database: TestDatabase;
let owner: pg.Pool;
let reporting: StartedService;
let team: string;
let admin: string;

beforeAll(async () => {
  database = await testDatabase();
  owner = new pg.Pool({ connectionString: database.url });
  const runtimeRole = await database.role();
  await owner.query(
    `GRANT CONNECT ON DATABASE ${new URL(database.url).pathname.slice(1)} TO ${runtimeRole.name}`,
  );
  reporting = await StartedService.start({
    definition: reportingService,
    databaseUrl: database.url,
    runtimeRole,
  });
  team = reporting.token('team-member', derivedId('person', 'teo'));
  admin = reporting.token('administrator');
}, 60_000);
afterAll(async () => {
  await owner.end();
  await reporting.stop();
  await database.drop();
});

const rows = () => boardRows(reporting.service.core.database);
const state = () => rebuildState(reporting.service.core.database);

const open = (more: Partial<RebuildOptions> = {}): Promise<BoardRebuild | null> => {
  const { settings, database: own, messaging } = reporting.service.core;
  return BoardRebuild.open({
    ownerUrl: settings.ownerDatabaseUrl,
    schema: own.schema,
    runtimeRole: settings.runtimeRole!,
    messaging,
    ...more,
  });
};
const rebuild = async (more: Partial<RebuildOptions> = {}) => (await open(more))!.run();

/** Without waiting for its effect. */
const spread = async (told: readonly Told[]) => {
  for (const { topic, message } of told) await reporting.messaging.publish(topic, [message]);
};
const boardOf = async (name: string) =>
  (await reporting.get(`/v1/boards/${idsOf(name).packageId}`, team)).body;
const requestOf = (name: string, state: string, packageId?: string) => ({
  requestId: derivedId('request', name),
  state,
  takeInChargeBy: '2026-03-09T16:00:00.000Z',
  ...(packageId === undefined ? {} : { packageId }),
});

let stories = 0;
let name: string;
beforeEach(() => {
  stories += 1;
  name = `pacchetto${stories}`;
});
const wholeStory = (of: string): readonly Told[] => [
  ...peopleStory(of).told,
  ...ledgerStory(of).told,
  ...estimationStory(of).told,
];

describe('boards that are folded anew', () => {
  it('are what they were, whatever was repeated, and mend what was wrong in them', async () => {
    const { packageId } = idsOf(name);
    const ledger = closeLedger(ledgerStory(name), name);
    const estimation = closeEstimation(estimationStory(name), name);
    const intake = new IntakeScript(name)
      .says('RequestReceived', requestOf(name, 'received'), 'by itself')
      .says('RequestTakenInCharge', requestOf(name, 'taken-in-charge', packageId))
      .says('RequestDeadlineMissed', requestOf(name, 'received'), 'by itself');
    await reporting.publish(...peopleStory(name).told, ...ledger.told, ...estimation.told, ...intake.told);
    await reporting.publish(...ledger.told.slice(3, 6), ...estimation.told.slice(0, 4));
    await eventually(async () => (await boardOf(name)).position.split('.')[2] === '1', 'the kept statement');
    const kept = () => owner.query('SELECT * FROM reporting.kept_statements');
    const [before, keptBefore] = [await rows(), (await kept()).rows];
    expect(Object.values(before).every((each) => each.length > 0)).toBe(true);
    await owner.query('UPDATE reporting.package_ledger SET available_minutes = -1');
    await owner.query('DELETE FROM reporting.movements');
    await rebuild();
    expect(await rows()).toEqual(before);
    expect((await kept()).rows).toEqual(keptBefore);
    expect(await state()).toMatchObject({ state: 'done', generation: 1 });
  });

  it('go on being written by the service, and can be folded anew once more', async () => {
    await rebuild();
    await reporting.publish(...wholeStory(name));
    expect((await boardOf(name)).balances).toMatchObject({ availableMinutes: 450, pendingMinutes: 90 });
    const before = await rows();
    await rebuild();
    expect(await rows()).toEqual(before);
    const left = await owner.query(`SELECT 1 FROM pg_namespace WHERE nspname = 'reporting_shadow'`);
    expect(left.rows).toEqual([]);
    const indexes = await owner.query(`SELECT indexname FROM pg_indexes WHERE schemaname = 'reporting'`);
    expect(indexes.rows.map(({ indexname }) => indexname)).toContain('deadlines_by_instant');
  });

  it('miss nothing and double nothing while messages arrive and boards are read, which are never empty', async () => {
    const names = Array.from({ length: 4 }, (_, index) => `${name}-${index}`);
    for (const each of names) await reporting.publish(...wholeStory(each));
    const scripts = names.map((each) => {
      const script = ledgerStory(each);
      const told = script.told.length;
      return { script, told };
    });
    let writing = true;
    let asked = 0;
    const reader = (each: string) => async () => {
      let furthest = 0;
      while (writing) {
        const { status, body } = await reporting.get(`/v1/boards/${idsOf(each).packageId}`, team);
        expect([status, body.activities?.length, body.lots?.length]).toEqual([200, 3, 1]);
        const { postedMinutes, heldMinutes, availableMinutes } = body.balances;
        expect(availableMinutes).toBe(postedMinutes - heldMinutes);
        const place = Number(body.position.split('.')[0]);
        expect(place).toBeGreaterThanOrEqual(furthest);
        furthest = place;
        asked += 1;
      }
    };
    const writer = async () => {
      for (let round = 0; round < 60; round += 1) {
        for (const { script, told } of scripts) {
          script.work(minutesOf('extra', 0, round, round), 1, 0);
          await spread(script.told.slice(told + round));
        }
      }
    };
    const readers = names.map((each) => reader(each)());
    const writers = writer();
    const { generation } = await state();
    for (let turn = 0; turn < 4; turn += 1) await rebuild();
    await writers;
    for (const { script } of scripts) await reporting.publish(script.told.at(-1)!);
    await rebuild();
    writing = false;
    await Promise.all(readers);
    expect(asked).toBeGreaterThan(20);
    expect((await state()).generation).toBe(generation + 5);
    for (const each of names) {
      const { balances } = await boardOf(each);
      expect(balances).toMatchObject({ chargedMinutes: 180, postedMinutes: 420 });
      const { rows: counted } = await owner.query(
        'SELECT count(*)::integer AS movements FROM reporting.movements WHERE package_id = $1',
        [idsOf(each).packageId],
      );
      expect(counted).toEqual([{ movements: 68 }]);
    }
    const before = await rows();
    await rebuild();
    expect(await rows()).toEqual(before);
  }, 120_000);

  it('wait for a reader who has begun, while others read, and are not half there for him', async () => {
    await reporting.publish(...wholeStory(name));
    await owner.query('UPDATE reporting.activity_minutes SET held_minutes = 7');
    const slow = await owner.connect();
    await slow.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM reporting.package_ledger');
    const { generation } = await state();
    const rebuilt = rebuild();
    const isWaiting = async () => {
      const { rows: waiting } = await owner.query(
        `SELECT 1 FROM pg_stat_activity WHERE application_name = 'monteore rebuild' AND wait_event_type = 'Lock'`,
      );
      return waiting.length > 0;
    };
    await eventually(isWaiting, 'the swap to wait');
    await eventually(async () => !(await isWaiting()), 'the swap to let others read');
    expect((await boardOf(name)).packageId).toBe(idsOf(name).packageId);
    expect((await state()).generation).toBe(generation);
    const { rows: old } = await slow.query('SELECT DISTINCT held_minutes FROM reporting.activity_minutes');
    expect(old).toEqual([{ held_minutes: 7 }]);
    await slow.query('COMMIT');
    slow.release();
    await rebuilt;
    expect((await state()).generation).toBe(generation + 1);
  });

  it('are whole for a reader who comes in the middle of an exchange of tables', async () => {
    await reporting.publish(...wholeStory(name));
    const exchange = await owner.connect();
    await exchange.query(`SET search_path TO reporting; BEGIN; LOCK TABLE ${BOARD_TABLES.join(', ')}`);
    const asked = boardOf(name);
    await eventually(async () => {
      const { rows: waiting } = await owner.query(
        `SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'reporting.package_ledger'::regclass`,
      );
      return waiting.length > 0;
    }, 'the reader to wait');
    const { settings } = reporting.service.core;
    await exchange.query(`
      CREATE TABLE fresh (LIKE activity_facts INCLUDING ALL); INSERT INTO fresh SELECT * FROM activity_facts;
      DROP TABLE activity_facts; ALTER TABLE fresh RENAME TO activity_facts;
      GRANT SELECT, INSERT, UPDATE, DELETE ON activity_facts TO ${settings.runtimeRole}; COMMIT; RESET search_path`);
    exchange.release();
    expect((await asked).activities).toHaveLength(3);
  });

  it('are told to whoever watches a board', async () => {
    await reporting.publish(...wholeStory(name));
    const before = (await boardOf(name)).position;
    await rebuild();
    const { position } = await boardOf(name);
    expect(position).not.toBe(before);
    expect(position.split('.').slice(0, 3)).toEqual(before.split('.').slice(0, 3));
  });
});

describe('what the consumer has not taken', () => {
  /** Lets no note of these words be folded; answers how to let it again. */
  async function refusing(words: string) {
    await owner.query(
      `ALTER TABLE reporting.movements ADD CONSTRAINT refused CHECK (note IS DISTINCT FROM '${words}') NOT VALID`,
    );
    return () => owner.query('ALTER TABLE reporting.movements DROP CONSTRAINT IF EXISTS refused');
  }
  const parkedOf = async (of: string) =>
    (await reporting.get('/v1/parked-messages?limit=200', admin)).body.items.filter(
      ({ key }: { key: string }) => key === idsOf(of).clientId,
    );
  async function parkedStory(of: string): Promise<LedgerScript> {
    const script = ledgerStory(of);
    await reporting.publish(...script.told, ...estimationStory(of).told);
    const told = script.told.length;
    script
      .work(minutesOf('a', 0, 1, 1), 1, 0, { note: 'refused' })
      .work(minutesOf('a', 0, 3, 3), 2, 0, { note: 'behind it' });
    await spread(script.told.slice(told));
    await eventually(async () => (await parkedOf(of)).length === 2, 'parking');
    return script;
  }
  const act = (id: string, what: 'retry' | 'drop') =>
    reporting.call('POST', `/v1/parked-messages/${id}/${what}`, { token: admin, body: { reason: 'wrong' } });

  it('stays out while it waits, after it was dropped, and is in after it was handled', async () => {
    const [dropped, handled, waiting] = ['dropped', 'handled', 'waiting'].map((each) => `${name}-${each}`);
    const allow = await refusing('refused');
    for (const each of [dropped, handled, waiting]) await parkedStory(each!);
    await allow();
    await act((await parkedOf(dropped!))[0].id, 'drop');
    await act((await parkedOf(handled!))[0].id, 'retry');
    const before = await rows();
    const chargedOf = async (of: string) => (await boardOf(of)).balances.chargedMinutes;
    const charged = () => Promise.all([dropped!, handled!, waiting!].map(chargedOf));
    expect(await charged()).toEqual([123, 123, 120]);
    await rebuild();
    expect(await rows()).toEqual(before);
    await act((await parkedOf(waiting!))[0].id, 'retry');
    expect(await charged()).toEqual([123, 123, 123]);
  });

  it('is folded in its order when it is released in the middle of it', async () => {
    const allow = await refusing('refused');
    const script = await parkedStory(name);
    await allow();
    let isReleased = false;
    await rebuild({
      onProgress: async () => {
        if (isReleased) return;
        isReleased = true;
        await act((await parkedOf(name))[0].id, 'retry');
        script.work(minutesOf('a', 0, 9, 9), 6, 0);
        await reporting.publish(script.told.at(-1)!);
      },
    });
    expect((await boardOf(name)).balances).toMatchObject({ chargedMinutes: 129, postedMinutes: 471 });
    const before = await rows();
    await rebuild();
    expect(await rows()).toEqual(before);
  });

  it('is folded by it as soon as it comes, when that is in the middle of it', async () => {
    await reporting.publish(...ledgerStory(name).told);
    const estimation = estimationStory(name).told;
    let next = 0;
    await rebuild({
      onProgress: async () => {
        const some = estimation.slice(next, next + 3);
        next += 3;
        if (some.length > 0) await reporting.publish(...some);
      },
    });
    await reporting.publish(...estimation.slice(next));
    expect((await boardOf(name)).balances).toMatchObject({ pendingMinutes: 90 });
  });
});

describe('a rebuild that dies', () => {
  const endItsConnection = () =>
    owner.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'monteore rebuild'`,
    );

  it.each([
    ['is told to stop', async (stop: AbortController) => stop.abort(new Error('the service stops'))],
    ['loses its connection', async () => void (await endItsConnection())],
  ])('because it %s leaves the boards as they are, and the next one begins anew', async (_, die) => {
    await reporting.publish(...wholeStory(name));
    const before = await rows();
    const stop = new AbortController();
    const { generation } = await state();
    const dying = rebuild({ signal: stop.signal, onProgress: () => die(stop) });
    await expect(dying).rejects.toThrow();
    expect(await rows()).toEqual(before);
    expect(await state()).toMatchObject({ generation, state: expect.stringMatching(/failed|interrupted/) });
    await reporting.publish(...wholeStory(`${name}-later`));
    const later = await rows();
    await rebuild();
    expect(await rows()).toEqual(later);
  });

  it('in the middle of the swap leaves the old ones whole, and the consumer goes on', async () => {
    await reporting.publish(...wholeStory(name));
    const before = await rows();
    const slow = await owner.connect();
    await slow.query('BEGIN; SELECT 1 FROM reporting.activity_story');
    const dying = rebuild();
    await eventually(async () => {
      const { rows: waiting } = await owner.query(
        `SELECT 1 FROM pg_stat_activity WHERE application_name = 'monteore rebuild' AND wait_event_type = 'Lock'`,
      );
      return waiting.length > 0;
    }, 'the swap to wait');
    await endItsConnection();
    await expect(dying).rejects.toThrow();
    await slow.query('COMMIT');
    slow.release();
    expect(await rows()).toEqual(before);
    expect((await state()).state).toBe('interrupted');
    await reporting.publish(...wholeStory(`${name}-later`));
    expect((await boardOf(`${name}-later`)).activities).toHaveLength(3);
  });
});

describe('an operator', () => {
  const path = '/v1/read-models/boards/rebuild';
  const begin = (token?: string) =>
    reporting.call('POST', path, token === undefined ? {} : { token, body: {} });

  it('begins one at a time, and sees how it goes', async () => {
    const { generation } = await state();
    const other = await open();
    const refused = await begin(admin);
    expect([refused.status, refused.body.code]).toEqual([409, 'reporting.rebuild-running']);
    expect((await reporting.get(path, admin)).body.state).toBe('running');
    await other!.run();
    const answer = await begin(admin);
    expect([answer.status, answer.body.readModel]).toEqual([202, 'boards']);
    const done = await eventually(async () => {
      const { body } = await reporting.get(path, admin);
      return body.state === 'done' ? body : null;
    }, 'the end');
    expect(done).toEqual({
      readModel: 'boards',
      generation: generation + 2,
      state: 'done',
      readMessages: done.allMessages,
      allMessages: expect.any(Number),
      begunAt: expect.any(String),
      endedAt: expect.any(String),
    });
    expect(done.readMessages).toBeGreaterThan(100);
  });

  it('is an administrator, or a machine with the scope', async () => {
    const statusOf = async (token?: string) => [
      (await reporting.get(path, token)).status,
      (await begin(token)).status,
    ];
    expect(await statusOf()).toEqual([401, 401]);
    for (const role of ROLES.filter((each) => each !== 'administrator'))
      expect([role, await statusOf(reporting.token(role))]).toEqual([role, [403, 403]]);
  });
});

describe('a build that begins to handle a type', () => {
  it('folds the boards anew by itself, and forgets that the type was passed over', async () => {
    const own = await testDatabase();
    const handled = reportingService.handlers(undefined as never, undefined as never);
    const topic = 'monteore.ledger.events.v1';
    const { HoursReserved: _, ...known } = handled[topic]!;
    const before: ServiceDefinition = {
      ...reportingService,
      handlers: () => ({ ...handled, [topic]: known }),
    };
    let definition: ServiceDefinition = before;
    const service = await StartedService.start({
      definition: { ...before, handlers: (...given) => definition.handlers(...given) },
      databaseUrl: own.url,
    });
    try {
      await service.publish(...wholeStory(name));
      const heldOf = async () => {
        const token = service.token('team-member');
        return (await service.get(`/v1/boards/${idsOf(name).packageId}`, token)).body.activities.map(
          ({ heldMinutes }: { heldMinutes: number }) => heldMinutes,
        );
      };
      expect(await heldOf()).toEqual([0, 0, 0]);
      const noted = () => service.service.core.database.query('SELECT type FROM ignored_types ORDER BY type');
      expect(await noted()).toContainEqual({ type: 'HoursReserved' });
      definition = reportingService;
      await service.restart();
      await eventually(async () => (await heldOf())[2] === 30, 'the hours that were passed over');
      expect(await heldOf()).toEqual([0, 0, 30]);
      expect(await noted()).not.toContainEqual({ type: 'HoursReserved' });
      expect((await rebuildState(service.service.core.database)).generation).toBe(1);
      await service.restart();
      expect((await rebuildState(service.service.core.database)).generation).toBe(1);
    } finally {
      await service.stop();
      await own.drop();
    }
  });
});
