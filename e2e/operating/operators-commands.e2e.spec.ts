import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  eventually,
  freePorts,
  type Instance,
  openPackage,
  type PackageSteps,
  type Parsed,
  type RestClient,
  startInstance,
} from '../harness/index.ts';
import { type CommandOutcome, inDatabase, monteore } from './running-commands.ts';

const SERVICES = ['identity', 'ledger', 'estimation', 'intake', 'reporting'];
const LEDGER_TOPIC = 'monteore.ledger.events.v1';

/** Each command is a process of its own. */
jest.setTimeout(120_000);

let instance: Instance;
let team: RestClient;
let steps: PackageSteps;
let activityId: string;

beforeAll(async () => {
  instance = await startInstance({ clock: true });
  team = await instance.rest('administrator');
  steps = await openPackage(instance, team, { agreed: [{ title: 'Nuovo banner', minutes: 120 }] });
  activityId = await steps.agreed('Nuovo banner');
  await steps.approve(activityId);
  await steps.holds(120);
  await steps.worked(activityId, 30);
}, 90_000);
afterAll(() => instance?.stop());

const ask = (...args: readonly string[]): Promise<CommandOutcome> =>
  monteore([
    ...[...args, '--url', instance.baseUrl],
    ...['--token-file', join(instance.dataDirectory, 'admin-token')],
  ]);
const must = async (...args: readonly string[]): Promise<string> => {
  const { code, out, err } = await ask(...args);
  expect([code, err]).toEqual([0, '']);
  return out;
};
const mustJson = async (...args: readonly string[]): Promise<Parsed> =>
  JSON.parse(await must(...args, '--json'));
const refused = async (...args: readonly string[]): Promise<string> => {
  const { code, out, err } = await ask(...args);
  expect([code, out]).toEqual([1, '']);
  return err;
};
/** The board as people see it, whichever fold made it. */
const shownBoard = async (): Promise<Parsed> => {
  const { position: _, ...board } = await steps.board();
  return board;
};
const nothingWaits = () =>
  eventually(async () => {
    const lags = await Promise.all(
      SERVICES.map((service) => team.must<Parsed>(team.get(`/${service}/v1/lag`))),
    );
    return lags.every(
      ({ consumed, published }) =>
        published.events === 0 && consumed.every(({ messages }: Parsed) => messages === 0),
    );
  }, 'no lag');

describe('monteore lag', () => {
  it('shows every service, in a table and for programs', async () => {
    await nothingWaits();
    const out = await must('lag');
    for (const service of SERVICES) expect(out).toMatch(new RegExp(`^${service} +monteore\\.`, 'm'));
    expect(out).toMatch(/^reporting +monteore\.ledger\.events\.v1 +0 +0$/m);
    expect(out).toMatch(/^ledger +monteore\.ledger\.events\.v1 +0 +[1-9]\d*$/m);
    expect(await must('lag', '--service', 'ledger')).not.toMatch(/^estimation/m);
  });
});

describe('monteore parked', () => {
  /** Reporting cannot take an entry with these words, until it is let again. */
  const refuse = (words: string) =>
    inDatabase(
      instance.dataDirectory,
      `ALTER TABLE reporting.movements ADD CONSTRAINT refused CHECK (note IS DISTINCT FROM '${words}') NOT VALID`,
    );
  const letAgain = () =>
    inDatabase(instance.dataDirectory, 'ALTER TABLE reporting.movements DROP CONSTRAINT refused');
  const parked = () => mustJson('parked', 'list') as Promise<Parsed[]>;
  const untilParked = async (count: number) => {
    await eventually(
      async () => (await team.all('/reporting/v1/parked-messages')).length === count,
      `${count} parked messages`,
    );
    return parked();
  };

  it('lists, shows and retries what could not be handled, with what waits behind it', async () => {
    expect(await must('parked', 'list')).toBe('Nothing is parked.\n');
    await refuse('guasto');
    await steps.worked(activityId, 15, { note: 'guasto' });
    await steps.worked(activityId, 10);
    const [first] = await untilParked(2);
    const { id } = first;
    expect(first).toMatchObject({ service: 'reporting', topic: LEDGER_TOPIC, type: 'WorkCharged' });
    const list = await must('parked', 'list', '--service', 'reporting');
    expect(list).toMatch(new RegExp(`^reporting +${id} +WorkCharged +\\S+ +\\S+ +.*check constraint`, 'm'));
    expect(list).toContain('(waits behind)');
    expect(await must('parked', 'list', '--limit', '1')).toContain('… and more in reporting');
    const shown = await must('parked', 'show', id, '--service', 'reporting');
    expect(shown).toContain('"note": "guasto"');
    expect(shown).toMatch(/^position +\d+$/m);
    expect(await refused('parked', 'retry', id, '--service', 'reporting')).toMatch(
      /The key stays parked: .*check constraint.*\(409, service\.still-failing\)/,
    );
    expect((await steps.board()).balances.chargedMinutes).toBe(30);
    await letAgain();
    expect(await must('parked', 'retry', id, '--service', 'reporting')).toContain(
      'handled 2 of its messages',
    );
    expect((await steps.board()).balances.chargedMinutes).toBe(55);
    expect(await must('parked', 'list')).toBe('Nothing is parked.\n');
  });

  it('gives one up with a reason, and not without', async () => {
    await refuse('da scartare');
    await steps.worked(activityId, 5, { note: 'da scartare' });
    await steps.worked(activityId, 5);
    const [first] = await untilParked(2);
    const drop = ['parked', 'drop', first.id, '--service', 'reporting'];
    expect(await refused(...drop)).toContain('--reason');
    expect(await refused(...drop, '--reason', '')).toContain('/reason');
    expect(await must(...drop, '--reason', 'prova')).toContain(`has given message ${first.id} up`);
    await letAgain();
    expect(await parked()).toEqual([]);
    expect((await steps.board()).balances.chargedMinutes).toBe(65);
    expect(await refused(...drop, '--reason', 'prova')).toContain('There is no parked message with this id');
  });
});

describe('monteore republish', () => {
  it('repeats everything and changes nothing: no balance, no entry, no mail', async () => {
    await nothingWaits();
    const seen = async () => ({
      package: await steps.show(),
      entries: await steps.entries(),
      activities: await steps.activities(),
      board: await steps.board(),
      mails: (await instance.outbox.mails()).length,
    });
    const before = await seen();
    for (const service of SERVICES)
      expect(await must('republish', '--service', service, '--from', '0')).toContain(
        `${service} publishes its events from position 0 on once more`,
      );
    await nothingWaits();
    expect(await seen()).toEqual(before);
    await steps.worked(activityId, 5);
    await eventually(async () => (await steps.board()).balances.chargedMinutes === 70, 'what comes after');
  });

  it('does not begin beyond what was published', async () => {
    const [{ published }] = await mustJson('lag', '--service', 'ledger');
    const beyond = String(BigInt(published.checkpoint) + 1n);
    expect(await refused('republish', '--service', 'ledger', '--from', beyond)).toContain(
      `Position ${beyond} is beyond ${published.checkpoint}`,
    );
    expect(await refused('republish', '--service', 'ledger', '--from', 'x')).toContain(
      'a position, digits only',
    );
  });
});

describe('monteore replay-diff and rebuild', () => {
  const replayDiff = (...args: readonly string[]) =>
    monteore(['replay-diff', '--data', instance.dataDirectory, ...args]);

  it('say what a rebuild would change, and change it', async () => {
    await nothingWaits();
    // The entry that was given up is not in them, so boards that are folded anew are the same.
    const same = await replayDiff();
    expect(same).toMatchObject({ code: 0, out: expect.stringContaining('Nothing would change: ') });
    const before = await shownBoard();
    await inDatabase(instance.dataDirectory, 'UPDATE reporting.package_ledger SET available_minutes = 7');
    const different = await replayDiff();
    expect(different.code).toBe(2);
    expect(different.out).toMatch(/^package_ledger +1 +1 +0 +0 +1$/m);
    expect(different.out).toContain('package_ledger: available_minutes (1)');
    expect(different.out).toMatch(/changed: package_id .*\n {4}available_minutes: 7 -> \d+\n/);
    expect(JSON.parse((await replayDiff('--json')).out).tables).toContainEqual(
      expect.objectContaining({ table: 'package_ledger', changed: 1 }),
    );
    expect((await shownBoard()).balances.availableMinutes).toBe(7);
    expect(await must('rebuild', '--read-model', 'boards')).toMatch(/^boards: swapped in after \d+ messages/);
    expect(await shownBoard()).toEqual(before);
    expect((await replayDiff()).code).toBe(0);
    await steps.worked(activityId, 5);
    await eventually(async () => (await steps.board()).balances.chargedMinutes === 75, 'what comes after');
    expect(await refused('rebuild', '--read-model', 'ledger')).toContain('one of boards');
  });
});

describe('monteore sources', () => {
  it('accepts a source in every service, or in the one that is named', async () => {
    const told = ['--topic', LEDGER_TOPIC, '--source', 'monteore.ledger/moved'];
    const out = await must('sources', 'accept', ...told);
    for (const service of SERVICES) expect(out).toContain(`${service} consumes monteore.ledger/moved`);
    expect(await mustJson('sources', 'accept', ...told, '--service', 'reporting')).toEqual([
      { service: 'reporting', topic: LEDGER_TOPIC, source: 'monteore.ledger/moved' },
    ]);
  });
});

describe('a command that cannot do it', () => {
  it('says where nobody answers, and what to look at', async () => {
    const [port] = await freePorts(1);
    const url = `http://127.0.0.1:${port}`;
    const { code, err } = await monteore(['lag', '--url', url, '--data', instance.dataDirectory]);
    expect(code).toBe(1);
    expect(err).toContain(`ledger: ${url} cannot be reached (ECONNREFUSED): does Monteore run there`);
    const nowhere = await monteore(['parked', 'list'], { MONTEORE_URL: 'nowhere', MONTEORE_TOKEN: 'x' });
    expect([nowhere.code, nowhere.err]).toEqual([1, expect.stringContaining('MONTEORE_URL="nowhere"')]);
  });

  it('says that the token is not one, is not allowed, or is missing', async () => {
    const file = join(instance.dataDirectory, 'some-token');
    const withToken = async (token: string) => {
      await writeFile(file, `${token}\n`);
      return monteore(['parked', 'list', '--url', instance.baseUrl, '--token-file', file]);
    };
    const referent = await withToken(await instance.token('referent'));
    expect([referent.code, referent.err]).toEqual([
      1,
      'monteore: Your role (referent) may not do this. (403, service.forbidden)\n',
    ]);
    expect((await withToken('e30.e30.e30')).err).toMatch(
      /refused: .*\(401, service\.unauthorized\).*--token-file/,
    );
    const minted = await monteore([
      ...['parked', 'list', '--url', instance.baseUrl],
      ...['--data', instance.dataDirectory],
    ]);
    expect([minted.code, minted.err]).toEqual([0, '']);
    const nothing = await monteore(['lag', '--data', join(instance.dataDirectory, 'none')]);
    expect([nothing.code, nothing.err]).toEqual([1, expect.stringContaining('no access token is named')]);
    const machine = await instance.token('machine', { subject: 'ops', scopes: ['service:operate'] });
    const allowed = await monteore(['parked', 'list'], {
      MONTEORE_URL: instance.baseUrl,
      MONTEORE_TOKEN: machine,
    });
    expect([allowed.code, allowed.out]).toEqual([0, 'Nothing is parked.\n']);
  });

  it('says which id or service there is not', async () => {
    expect(await refused('parked', 'show', '999999', '--service', 'ledger')).toContain(
      'There is no parked message with this id',
    );
    expect(await refused('parked', 'show', 'x', '--service', 'ledger')).toContain(
      'not the id of a parked message',
    );
    expect(await refused('lag', '--service', 'board')).toContain('--service board: one of ');
  });
});
