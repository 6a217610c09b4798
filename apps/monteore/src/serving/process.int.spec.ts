import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@monteore/testing';
import pg from 'pg';
import {
  launchProgram,
  mintToken,
  newDirectory,
  type Program,
  RestClient,
  startProgram,
} from '../../../../e2e/harness/index.ts';

let directory: string;
let dataDirectory: string;
const running = new Set<Program>();

beforeEach(() => {
  directory = newDirectory();
  dataDirectory = join(directory, 'data');
});
afterEach(async () => {
  for (const program of running) await program.stop();
  running.clear();
  await rm(directory, { recursive: true, force: true });
});

async function start(...flags: string[]): Promise<Program> {
  const program = await startProgram({ dataDirectory, flags });
  running.add(program);
  return program;
}

const read = (name: string) => readFile(join(dataDirectory, name), 'utf8');
const adminOf = async (program: Program) =>
  new RestClient(program.baseUrl, (await read('admin-token')).trim());
const modeOf = async (name: string) => ((await stat(join(dataDirectory, name))).mode & 0o777).toString(8);
const client = (name: string) => ({
  name,
  contacts: [{ name: 'Approva', email: 'approva@cliente.example', roles: ['approver'] }],
});

/** The pid of the Postgres of a data directory. */
async function postgresPid(): Promise<number> {
  const [cluster = ''] = await readdir(join(dataDirectory, 'postgres'));
  return Number((await read(join('postgres', cluster, 'postmaster.pid'))).split('\n', 1)[0]);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('one process', () => {
  test('is ready with the sample, lets in whom it gave a token, and stops clean on Ctrl-C', async () => {
    const program = await start();
    expect(await (await fetch(`${program.baseUrl}/health/live`)).json()).toEqual({ status: 'live' });
    expect((await fetch(`${program.baseUrl}/health/ready`)).status).toBe(200);
    expect(program.output()).toContain((await read('admin-token')).trim());
    for (const name of ['admin-token', 'installation.json', 'keys/access.private.json', 'lock'])
      expect([name, await modeOf(name)]).toEqual([name, '600']);

    const admin = await adminOf(program);
    const { body: clients } = await admin.get('/ledger/v1/clients?limit=10');
    const contacts: { contactId: string; roles: string[] }[] = clients.items[0].contacts;
    const viewer = contacts.find(({ roles }) => roles.join() === 'viewer')!;
    const own = new RestClient(
      program.baseUrl,
      await mintToken(dataDirectory, 'viewer', { contact: viewer.contactId }),
    );
    const { body: packages } = await own.get('/ledger/v1/packages');
    expect(packages.items).toMatchObject([{ grantedMinutes: 1200, availableMinutes: 1200, status: 'open' }]);
    expect((await own.post('/ledger/v1/clients', client('Altro'))).status).toBe(403);
    expect((await admin.get('/nothing/v1/here')).body).toMatchObject({
      status: 404,
      code: 'monteore.not-found',
    });

    const postgres = await postgresPid();
    expect(await program.stop('SIGINT')).toBe(0);
    expect(isRunning(postgres)).toBe(false);
    expect(existsSync(join(dataDirectory, 'lock'))).toBe(false);
  }, 60_000);

  test('finds everything again at the second start, and loads the sample once', async () => {
    const first = await start();
    const { body: before } = await (await adminOf(first)).get('/ledger/v1/packages');
    const token = await read('admin-token');
    await first.stop();
    const second = await start();
    const { body: after } = await (await adminOf(second)).get('/ledger/v1/packages');
    expect(after).toEqual(before);
    expect(await read('admin-token')).not.toBe(token);
  }, 60_000);

  test('of one data directory there is one; the second is told which', async () => {
    const program = await start('--empty');
    const second = launchProgram({ dataDirectory });
    expect(await second.exited).toBe(1);
    expect(second.output()).toMatch(
      new RegExp(
        `^monteore: ${dataDirectory} is in use by another Monteore \\(process ${program.child.pid}, since `,
      ),
    );
    expect((await fetch(`${program.baseUrl}/health/ready`)).status).toBe(200);
  }, 60_000);

  test('killed, it loses nothing that it acknowledged', async () => {
    const program = await start('--empty');
    const admin = await adminOf(program);
    const acknowledged: string[] = [];
    const calls = Array.from({ length: 40 }, async (_, index) => {
      const answer = await admin.post('/ledger/v1/clients', client(`Cliente ${index}`)).catch(() => null);
      if (answer?.status === 201) acknowledged.push(answer.body.clientId);
      if (acknowledged.length === 10) program.child.kill('SIGKILL');
    });
    await Promise.all([...calls, once(program.child, 'close')]);
    running.delete(program);
    expect(acknowledged.length).toBeGreaterThanOrEqual(10);

    const again = await start('--empty');
    const later = await adminOf(again);
    for (const clientId of acknowledged)
      expect((await later.get(`/ledger/v1/clients/${clientId}`)).status).toBe(200);
    const listed = await eventually(async () => {
      const ids: string[] = (await later.all('/ledger/v1/clients')).map(({ clientId }) => clientId);
      return acknowledged.every((clientId) => ids.includes(clientId)) ? ids : null;
    }, 'the list');
    expect(new Set(listed).size).toBe(listed.length);
  }, 90_000);

  test('a first start that was killed among the calls of the sample is carried on, not repeated', async () => {
    const killed = launchProgram({ dataDirectory });
    await eventually(
      async () => (await read('sample.json').catch(() => '')).includes('"wanted"'),
      'the plan',
    );
    await eventually(() => existsSync(join(dataDirectory, 'postgres.log')), 'Postgres');
    killed.child.kill('SIGKILL');
    await killed.exited;
    const program = await start();
    const admin = await adminOf(program);
    expect(await admin.all('/ledger/v1/clients')).toHaveLength(1);
    expect(await admin.all('/ledger/v1/packages')).toHaveLength(1);
    expect(JSON.parse(await read('sample.json'))).toMatchObject({ state: 'loaded' });
  }, 90_000);

  test.each(['--port', '--smtp-port'])(
    '%s that is taken is told in one sentence, and all is stopped',
    async (flag) => {
      const other = createServer();
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      const { port } = other.address() as { port: number };
      const refused = launchProgram({ dataDirectory, flags: [flag, String(port)] });
      expect(await refused.exited).toBe(1);
      expect(refused.output()).toMatch(
        new RegExp(
          `^monteore: 127.0.0.1:${port} for [\\w ]+ is taken by another process: choose another with ${flag}\n$`,
        ),
      );
      expect(await readdir(dataDirectory)).toEqual(['outbox']);
      other.close();
    },
  );

  test('a wrong variable is named', async () => {
    const refused = launchProgram({ dataDirectory, environment: { MONTEORE_PUBLIC_URL: 'here' } });
    expect(await refused.exited).toBe(1);
    expect(refused.output()).toContain(
      'monteore: MONTEORE_PUBLIC_URL="here": not an address that begins with',
    );
  });

  test('a Postgres that dies is started again; meanwhile the answer is 503', async () => {
    const program = await start('--empty');
    const admin = await adminOf(program);
    const before = await admin.must(admin.post('/ledger/v1/clients', client('Prima')));
    const pid = await postgresPid();
    process.kill(pid, 'SIGKILL');
    const seen = new Set<number>();
    await eventually(async () => {
      const { status } = await admin.post('/ledger/v1/clients', client('Durante')).catch((error: Error) => {
        throw new Error(`${error.message}; the program said:\n${program.output()}`, { cause: error });
      });
      seen.add(status);
      return status === 201 && seen.has(503);
    }, 'an answer after the restart');
    expect([...seen].sort()).toEqual([201, 503]);
    expect(await postgresPid()).not.toBe(pid);
    expect((await admin.get(`/ledger/v1/clients/${before.clientId}`)).status).toBe(200);
    await eventually(
      async () => (await fetch(`${program.baseUrl}/health/ready`)).status === 200,
      'ready again',
    );
    expect(await program.stop()).toBe(0);
  }, 60_000);

  test('services reach their own tables only, each with at most ten connections', async () => {
    await start('--empty');
    const { postgresPassword } = JSON.parse(await read('installation.json'));
    const [cluster = ''] = await readdir(join(dataDirectory, 'postgres'));
    const port = (await read(join('postgres', cluster, 'postmaster.pid'))).split('\n')[3];
    const admin = new pg.Client(`postgres://postgres:${postgresPassword}@127.0.0.1:${port}/monteore`);
    await admin.connect();
    const { rows: connections } = await admin.query(
      `SELECT usename, count(*)::int AS count FROM pg_stat_activity WHERE usename LIKE 'monteore_%' GROUP BY usename`,
    );
    expect(connections.length).toBeGreaterThanOrEqual(4);
    for (const { count } of connections) expect(count).toBeLessThanOrEqual(10);
    const { rows: foreign } = await admin.query(`
      SELECT r.rolname, c.oid::regclass::text AS name FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles r ON r.rolname LIKE 'monteore_%'
      WHERE r.rolname <> 'monteore_owner' AND c.relkind = 'r'
        AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'messaging', 'blobs')
        AND n.nspname NOT IN (substr(r.rolname, 10), substr(r.rolname, 10) || '_events')
        AND has_schema_privilege(r.oid, n.oid, 'USAGE')`);
    expect(foreign).toEqual([]);
    await admin.end();
  }, 60_000);
});
