import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@monteore/embedded-postgres';
import { eventually } from '@monteore/testing';
import { freePorts } from '../harness/free-ports.ts';
import { mintToken, newDirectory } from '../harness/index.ts';
import { SERVICE_NAMES } from './cluster.ts';
import { ServiceProcess } from './service-process.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const NODE = join(ROOT, 'node_modules', '.bin', 'node');
const MONTEORE = join(ROOT, 'apps', 'monteore', 'dist', 'main.js');

let directory: string;
let data: string;
let postgres: EmbeddedPostgres;

const prepare = () =>
  promisify(execFile)(NODE, [MONTEORE, 'prepare', '--data', data], {
    env: { PATH: process.env.PATH, MONTEORE_ADMIN_DATABASE_URL: postgres.adminUrl('postgres') },
  });

beforeAll(async () => {
  directory = newDirectory();
  data = join(directory, 'data');
  postgres = await startEmbeddedPostgres({ dataDir: join(directory, 'postgres'), password: 'of-this-test' });
  await prepare();
}, 90_000);

afterAll(async () => {
  await postgres?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** Runs a service's program to its end. */
async function ran(service: string, environment: Readonly<Record<string, string>>) {
  const child = spawn(NODE, [join(ROOT, 'apps', service, 'dist', 'main.js')], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, said };
}

const secret = (service: string, name: string) => join(data, service, name);
const environmentOf = (service: string): Record<string, string> => ({
  MONTEORE_PUBLIC_URL: 'http://127.0.0.1',
  MONTEORE_MESSAGING: 'postgres',
  MONTEORE_DATABASE_URL_FILE: secret(service, 'database-url'),
  MONTEORE_OWNER_DATABASE_URL_FILE: secret(service, 'owner-database-url'),
  MONTEORE_INSTALLATION_SECRET_FILE: secret(service, 'installation-secret'),
  JWKS_FILE: secret('identity', 'access.jwks.json'),
  LINK_JWKS_FILE: secret('intake', 'links.jwks.json'),
});

async function started(
  service: string,
  more: Readonly<Record<string, string>> = {},
): Promise<ServiceProcess> {
  const process = new ServiceProcess({
    service,
    port: (await freePorts(1))[0]!,
    environment: { ...environmentOf(service), ...more },
    logFile: join(directory, `${service}.log`),
  });
  process.start();
  return process;
}

const logLines = (service: string) =>
  readFileSync(join(directory, `${service}.log`), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

describe('what is prepared for services that run alone', () => {
  test('is closed to others and the same when it is prepared again', async () => {
    const files = readdirSync(data, { recursive: true, encoding: 'utf8' }).sort();
    for (const service of SERVICE_NAMES)
      expect(files).toEqual(
        expect.arrayContaining(
          ['database-url', 'owner-database-url', 'installation-secret'].map((name) => `${service}/${name}`),
        ),
      );
    for (const file of files) {
      const { mode } = statSync(join(data, file));
      const isPublic = file.endsWith('.jwks.json') && file.startsWith('keys/');
      expect({ file, open: (mode & 0o077) === 0 }).toEqual({ file, open: !isPublic });
    }
    const contents = () =>
      files
        .filter((file) => statSync(join(data, file)).isFile())
        .map((file) => readFileSync(join(data, file), 'utf8'));
    const before = contents();
    await prepare();
    expect(contents()).toEqual(before);
  });
});

describe('a service alone', () => {
  test.each(SERVICE_NAMES)('%s names every variable that is missing, and ends', async (service) => {
    const { code, said } = await ran(service, {});
    expect(code).toBe(1);
    const missing = [...said.matchAll(/^ {2}(\S+) is missing: \S/gm)].map(([, name]) => name);
    expect(missing).toEqual(
      expect.arrayContaining([
        'MONTEORE_PUBLIC_URL',
        'MONTEORE_DATABASE_URL',
        'MONTEORE_OWNER_DATABASE_URL',
        'MONTEORE_INSTALLATION_SECRET',
      ]),
    );
  });

  test('ends with the reason when its port is taken', async () => {
    const { port } = postgres;
    const { code, said } = await ran('identity', {
      ...environmentOf('identity'),
      MONTEORE_PORT: String(port),
    });
    expect(code).toBe(1);
    expect(said).toContain(
      `127.0.0.1:${port} for HTTP is taken by another process: choose another with MONTEORE_PORT`,
    );
  });

  test('two instances that start together migrate one after the other, and both serve', async () => {
    const both = await Promise.all([started('reporting'), started('reporting')]);
    await Promise.all(both.map((one) => one.ready()));
    for (const one of both) expect(await one.stop()).toBe(0);
  }, 60_000);

  test('tells that it is not ready before it stops, and answers meanwhile', async () => {
    const ledger = await started('ledger', { MONTEORE_DRAIN_SECONDS: '3', MONTEORE_PROT: '1' });
    await ledger.ready();
    const at = (path: string) => fetch(`http://127.0.0.1:${ledger.port}${path}`, { headers });
    const headers = { authorization: `Bearer ${await mintToken(data, 'administrator')}` };
    expect((await at('/v1/packages')).status).toBe(200);
    const stopped = ledger.stop();
    await eventually(async () => (await at('/health/ready')).status === 503, 'not ready');
    expect((await at('/health/live')).status).toBe(200);
    expect((await at('/v1/packages')).status).toBe(200);
    expect(await stopped).toBe(0);
    await expect(at('/health/live')).rejects.toThrow('fetch failed');
    expect(logLines('ledger').filter(({ level }) => level >= 40)).toEqual([
      expect.objectContaining({ name: 'ledger', variable: 'MONTEORE_PROT' }),
    ]);
  }, 60_000);
});
