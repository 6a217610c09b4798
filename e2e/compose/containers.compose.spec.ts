import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually, openPackage, type Parsed } from '../harness/index.ts';
import { Deployment } from './deployment.ts';

const SERVICES = ['identity', 'ledger', 'estimation', 'intake', 'reporting'];

let deployment: Deployment;
beforeAll(async () => {
  const { MONTEORE_COMPOSE_WITHOUT = '' } = process.env;
  deployment = await Deployment.start({ without: MONTEORE_COMPOSE_WITHOUT.split(',') });
}, 900_000);
afterAll(() => deployment?.stop(), 120_000);

/** What Prometheus answers to a question. */
async function prometheus(path: string): Promise<Parsed> {
  const answer = await fetch(`${deployment.prometheusUrl}/api/v1/${path}`);
  return ((await answer.json()) as Parsed).data;
}

test('every container is healthy, or has done its work', async () => {
  const states = (await deployment.containers()).map(({ Service, State, Health, ExitCode }) =>
    Service === 'prepare' ? [Service, State, ExitCode] : [Service, State, Health],
  );
  expect(states).toContainEqual(['prepare', 'exited', 0]);
  expect(states).toEqual(
    expect.arrayContaining([...SERVICES, 'caddy', 'mailpit'].map((name) => [name, 'running', 'healthy'])),
  );
  for (const [service, , health] of states)
    if (service !== 'prepare') expect([service, health]).toEqual([service, 'healthy']);
});

describe('a service', () => {
  test.each(SERVICES)('%s is nobody in particular and cannot change its program', async (service) => {
    const [uid, capabilities, written] = (
      await deployment.inside(
        service,
        'sh',
        '-c',
        'id -u; sed -n "s/^CapEff:\\s*//p" /proc/1/status; touch /app/x 2>&1 || true',
      )
    ).split('\n');
    expect(uid).toBe('10001');
    expect(Number.parseInt(capabilities!, 16)).toBe(0);
    expect(written).toMatch(/Read-only file system/);
  });

  test.each(SERVICES)('%s sees its own secrets only', async (service) => {
    const files = (await deployment.inside(service, 'ls', '/run/monteore')).trim().split('\n');
    expect(files).toContain('database-url');
    expect(files.includes('links.private.json')).toBe(service === 'intake');
    expect(files.filter((name) => name.startsWith('access.private'))).toEqual([]);
  });
});

describe('Prometheus', () => {
  test('finds every service', async () => {
    const up = await eventually(async () => {
      const { result } = await prometheus('query?query=up==1');
      const found: string[] = result.map(({ metric }: { metric: { service: string } }) => metric.service);
      return found.length === SERVICES.length ? found : undefined;
    }, 'five services that are up');
    expect(up.sort()).toEqual([...SERVICES].sort());
  });

  test('alerts as is written, and nothing is wrong at first', async () => {
    const said = await deployment.inside(
      'prometheus',
      ...['promtool', 'test', 'rules', '/etc/prometheus/alerts.test.yml'],
    );
    expect(said).toMatch(/SUCCESS/);
    const { alerts } = await prometheus('alerts');
    expect(alerts.filter(({ state }: { state: string }) => state === 'firing')).toEqual([]);
  });
});

describe('what an operator does', () => {
  const availableOf = async (packageId: string) => {
    const administrator = await deployment.rest('administrator');
    const { status, body } = await administrator.get(`/ledger/v1/packages/${packageId}`);
    return status === 200 ? body.availableMinutes : undefined;
  };

  test('a service that ends by itself is started again, and has lost nothing', async () => {
    const { packageId } = await openPackage(deployment, await deployment.rest('administrator'));
    const before = await availableOf(packageId);
    expect(before).toBeDefined();
    await deployment.inside('ledger', 'sh', '-c', 'kill -9 $(cat /proc/1/task/1/children)').catch(() => '');
    expect(await eventually(() => availableOf(packageId), 'the ledger again', 60_000)).toEqual(before);
  });

  test('one service is made anew while the others answer', async () => {
    const { packageId } = await openPackage(deployment, await deployment.rest('administrator'));
    const before = await availableOf(packageId);
    await deployment.upAgain('--no-deps', '--force-recreate', 'ledger');
    expect(await availableOf(packageId)).toEqual(before);
  });

  test('two instances of a service work side by side', async () => {
    await deployment.upAgain('--no-recreate', '--no-deps', '--scale', 'ledger=2', 'ledger');
    const ledgers = (await deployment.containers()).filter(({ Service }) => Service === 'ledger');
    expect(ledgers.map(({ Health }) => Health)).toEqual(['healthy', 'healthy']);
    const opened = await openPackage(deployment, await deployment.rest('administrator'));
    expect(await availableOf(opened.packageId)).toBeDefined();
  });

  test('sees inside what waits, and what another build would show', async () => {
    const lag = await deployment.operate('lag');
    for (const service of SERVICES) expect(lag).toMatch(new RegExp(`^${service} +monteore\\.`, 'm'));
    expect(await deployment.operate('parked', 'list')).toContain('Nothing is parked');
    expect(await deployment.operate('replay-diff')).toMatch(/^Nothing would change: \d+ messages/);
  });
});
