import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { StartedService } from '@monteore/service/testing';
import { type TestDatabase, testDatabase } from '@monteore/testing';
import { identityService } from '../../apps/identity/src/index.ts';
import { composeFile, containersOf, manifests, readText, readYaml, type Tree } from './deployment-files.ts';
import { SERVICES } from './service-programs.ts';

let database: TestDatabase;
let started: StartedService;
/** What a service tells about itself: each sample's name, with the labels that it was seen with. */
let exported: ReadonlyMap<string, ReadonlySet<string>>;

beforeAll(async () => {
  database = await testDatabase();
  started = await StartedService.start({ definition: identityService, databaseUrl: database.url });
  // One of everything that is counted: a request, an append, what another service said.
  await started.call('POST', '/v1/people', {
    token: started.token('administrator'),
    body: { name: 'Anna', email: 'anna@agenzia.example', role: 'team-member' },
  });
  const personId = '0a3f2b8e-6b7d-8c1a-9e2f-1b2c3d4e5f60';
  await started.publish(
    started.told('ledger', 'PersonKnown', personId, {
      personId,
      kind: 'contact',
      email: 'bea@cliente.example',
    }),
  );
  exported = samplesOf((await started.get('/metrics')).text);
}, 90_000);
afterAll(async () => {
  await started?.stop();
  await database?.drop();
});

function samplesOf(text: string): Map<string, Set<string>> {
  const samples = new Map<string, Set<string>>();
  for (const [, name, type] of text.matchAll(/^# TYPE (\w+) (\w+)$/gm))
    for (const suffix of type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''])
      samples.set(`${name}${suffix}`, new Set());
  for (const [, name, labels] of text.matchAll(/^(\w+)\{(.*)\} \S+$/gm))
    for (const [, label] of labels!.matchAll(/(\w+)="/g)) samples.get(name!)?.add(label!);
  return samples;
}

interface Query {
  readonly of: string;
  readonly expr: string;
}

const alerts: Tree[] = readYaml('infra/prometheus/alerts.yml').groups.flatMap(({ rules }: Tree) => rules);
const dashboard: Tree = JSON.parse(readText('infra/grafana/dashboards/monteore.json'));
const panels: Tree[] = dashboard.panels.filter(({ type }: Tree) => type !== 'row');
const queries: Query[] = [
  ...alerts.map(({ alert, expr }) => ({ of: `alert ${alert}`, expr })),
  ...panels.flatMap(({ title, targets }) =>
    targets.map(({ expr }: Tree) => ({ of: `panel ${title}`, expr })),
  ),
  ...dashboard.annotations.list.map(({ name, expr }: Tree) => ({ of: `annotation ${name}`, expr })),
  ...dashboard.templating.list.map(({ name, definition }: Tree) => ({
    of: `variable ${name}`,
    expr: definition,
  })),
];

const metricsIn = (expr: string): string[] => [
  ...new Set([...expr.matchAll(/\b(?:monteore|process|nodejs)_[a-z0-9_]+/g)].map(([name]) => name)),
];

/** Labels that a query chooses or groups by. */
const labelsIn = (expr: string): string[] => [
  ...[...expr.matchAll(/(\w+)\s*(?:=~|!~|!=|=(?!=))\s*"/g)].map(([, label]) => label!),
  ...[...expr.matchAll(/\b(?:by|on) \(([\w, ]+)\)/g)].flatMap(([, list]) => list!.split(', ')),
];

describe('what is shown and what alerts', () => {
  test('there are queries', () => {
    expect(alerts.length).toBeGreaterThan(10);
    expect(queries.length).toBeGreaterThan(35);
    for (const { of, expr } of queries)
      expect([of, metricsIn(expr).length + Number(/\bup\b/.test(expr))]).not.toEqual([of, 0]);
  });

  test('is asked of metrics that a service has', () => {
    for (const { of, expr } of queries)
      for (const metric of metricsIn(expr))
        expect([of, metric, exported.has(metric)]).toEqual([of, metric, true]);
  });

  test('by labels that they have', () => {
    // Prometheus adds these: where a sample was read, and what it made a bucket of.
    const added = ['job', 'instance', 'service'];
    for (const { of, expr } of queries) {
      const had = new Set([
        ...added,
        ...metricsIn(expr).flatMap((metric) => [...(exported.get(metric) ?? [])]),
      ]);
      for (const label of labelsIn(expr)) expect([of, label, had.has(label)]).toEqual([of, label, true]);
    }
  });

  test('every figure of a service is shown', () => {
    const shown = new Set(
      queries.flatMap(({ expr }) => metricsIn(expr)).map((name) => name.replace(/_(bucket|sum|count)$/, '')),
    );
    const own = [...exported.keys()].filter((name) => name.startsWith('monteore_'));
    for (const name of own) expect(shown).toContain(name.replace(/_(bucket|sum|count)$/, ''));
  });
});

describe('Prometheus', () => {
  const [scrape] = readYaml('infra/prometheus/prometheus.yml').scrape_configs;

  test('asks every service, where it answers', async () => {
    const [{ names, port }] = scrape.dns_sd_configs;
    expect([...names].sort()).toEqual([...SERVICES].sort());
    expect(port).toBe(8080);
    expect((await started.get(scrape.metrics_path)).status).toBe(200);
    expect(readYaml('infra/prometheus/prometheus.yml').rule_files).toEqual(['alerts.yml']);
  });

  test('notices that any of them is away', () => {
    const { expr } = alerts.find(({ alert }) => alert === 'ServiceAway');
    const watched = [...expr.matchAll(/service="(\w+)"/g)].map(([, service]) => service);
    expect(watched.sort()).toEqual([...SERVICES].sort());
  });

  test('says in each alert only what the alert still knows', () => {
    for (const { alert, expr, annotations } of alerts) {
      const said = [...annotations.summary.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label!);
      const kept = [...expr.matchAll(/\bby \(([\w, ]+)\)/g)].map(([, list]) => list!.split(', '));
      expect([alert, said.length * kept.length]).not.toEqual([alert, 0]);
      for (const list of kept) expect([alert, list]).toEqual([alert, expect.arrayContaining(said)]);
    }
  });

  test('has a case for every alert', () => {
    const cases: Tree[] = readYaml('infra/prometheus/alerts.test.yml').tests;
    const tried = cases.flatMap(({ alert_rule_test }) =>
      alert_rule_test.map(({ alertname }: Tree) => alertname),
    );
    expect(new Set(tried)).toEqual(new Set(alerts.map(({ alert }) => alert)));
  });

  test('warns before an instance passes the memory that it may take', () => {
    const { expr } = alerts.find(({ alert }) => alert === 'MemoryNearLimit');
    const [, mebibytes] = /> 0\.9 \* (\d+) \* 1024 \* 1024$/.exec(expr)!;
    const { services } = composeFile({ MONTEORE_POSTGRES_PASSWORD_FILE: 'x' });
    const limits = [
      ...SERVICES.map((service) => services[service].mem_limit),
      ...manifests()
        .filter(({ kind, name }) => kind === 'Deployment' && name !== 'proxy')
        .map(({ content }) => containersOf(content)[0].resources.limits.memory.replace('Mi', 'm')),
    ];
    expect(new Set(limits)).toEqual(new Set([`${mebibytes}m`]));
  });
});

test('Grafana asks the Prometheus that is there, and finds its dashboard', () => {
  const { services } = composeFile({ MONTEORE_POSTGRES_PASSWORD_FILE: 'x' });
  const [source] = readYaml('infra/grafana/provisioning/datasources/prometheus.yml').datasources;
  const { hostname, port } = new URL(source.url);
  expect(Object.keys(services)).toContain(hostname);
  expect(services[hostname].ports).toEqual([`127.0.0.1:${port}:${port}`]);
  for (const { datasource } of panels) expect(datasource.uid).toBe(source.uid);
  const [provider] = readYaml('infra/grafana/provisioning/dashboards/monteore.yml').providers;
  expect(services.grafana.volumes).toContain(`./infra/grafana/dashboards:${provider.options.path}:ro`);
});

test('every path that a deployment asks of a service is there', async () => {
  const { services } = composeFile({ MONTEORE_POSTGRES_PASSWORD_FILE: 'x' });
  const [, health] = /MONTEORE_PORT \+ '(\/[^']+)'/.exec(readText('infra/docker/Dockerfile'))!;
  const probed = manifests()
    .filter(({ kind, name }) => kind === 'Deployment' && name !== 'proxy')
    .flatMap(({ content }) => {
      const { startupProbe, livenessProbe, readinessProbe } = containersOf(content)[0];
      const { annotations } = content.spec.template.metadata;
      return [
        ...[startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => httpGet.path),
        annotations['prometheus.io/path'],
      ];
    });
  const keys = new URL(services.ledger.environment.JWKS_URL).pathname;
  for (const path of new Set([health!, ...probed, keys]))
    expect([path, (await started.get(path)).status]).toEqual([path, 200]);
});
