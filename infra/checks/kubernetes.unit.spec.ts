import { describe, expect, test } from '@jest/globals';
import {
  configMap,
  containersOf,
  manifest,
  manifests,
  readText,
  readYaml,
  type Tree,
} from './deployment-files.ts';
import { kubernetesFaults } from './schemas.ts';
import { OWN_VARIABLES, SERVICES, type ServiceName } from './service-programs.ts';

const ofKind = (kind: string) => manifests().filter((one) => one.kind === kind);
const base = readYaml('infra/kubernetes/base/kustomization.yaml');
const example = readYaml('infra/kubernetes/example/kustomization.yaml');

test.each(
  manifests().map((one) => [`${one.file}: ${one.kind} ${one.name ?? 'with a new name'}`, one] as const),
)('%s is what Kubernetes allows', (_title, { content }) => {
  expect(kubernetesFaults(content)).toEqual([]);
});

test('everything is listed, and what is listed is there', () => {
  const listed: string[] = base.resources.filter((path: string) => !path.startsWith('../'));
  const files = new Set(manifests().map(({ file }) => file.replace('infra/kubernetes/base/', '')));
  files.delete('infra/kubernetes/token.yaml');
  expect(listed.sort()).toEqual([...files].sort());
  expect(base.resources).toContain('../../caddy');
  expect(readYaml('infra/caddy/kustomization.yaml').configMapGenerator).toEqual([
    { name: 'caddyfile', files: ['Caddyfile'] },
  ]);
});

test('secrets are referred to and never written down', () => {
  expect(ofKind('Secret')).toEqual([]);
  for (const { content } of manifests())
    for (const { env = [] } of containersOf(content))
      for (const { name, value } of env)
        if (/PASSWORD|SECRET|DATABASE_URL|PRIVATE|SIGNING/.test(name))
          expect([name, value]).toEqual([name, expect.stringMatching(/^\/run\//)]);
  for (const name of ['monteore', 'intake-settings'])
    for (const variable of Object.keys(configMap(name)))
      expect(variable).not.toMatch(/PASSWORD|SECRET|DATABASE_URL|SMTP_URL|IMAP_URL/);
});

test('the five services differ in what they read, and in nothing else', () => {
  const shapeOf = (service: ServiceName) => {
    const file = manifests().filter(
      (one) => one.file.endsWith(`/base/${service}.yaml`) && one.name === service,
    );
    const [{ ports, envFrom, env, ...container }] = containersOf(manifest('Deployment', service)) as [Tree];
    const text = JSON.stringify(file.map(({ content }) => content));
    const own = JSON.stringify([ports.slice(1), envFrom, env]);
    expect(own).not.toContain('"replicas"');
    return JSON.stringify([
      file.map(({ kind }) => kind),
      JSON.parse(text, (key, value) => (['envFrom', 'env', 'ports'].includes(key) ? undefined : value)),
      ports[0],
      container,
    ]).replaceAll(service, 'SERVICE');
  };
  for (const service of SERVICES) expect([service, shapeOf(service)]).toEqual([service, shapeOf('ledger')]);
});

describe.each(SERVICES)('%s', (service) => {
  const { spec } = manifest('Deployment', service);
  const [container] = containersOf({ spec }) as [Tree];

  test('runs twice, and one goes on while the other is replaced', () => {
    expect(spec).toMatchObject({ replicas: 2, strategy: { rollingUpdate: { maxUnavailable: 0 } } });
    expect(manifest('PodDisruptionBudget', service).spec.selector).toEqual(spec.selector);
    const drain = Number(configMap('monteore').MONTEORE_DRAIN_SECONDS);
    expect(drain).toBeGreaterThan(0);
    // A stop that takes 40 seconds, draining included, is given up by the service itself.
    expect(spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(40);
  });

  test('is asked whether it lives and whether it is ready, where it says so', () => {
    const { startupProbe, livenessProbe, readinessProbe, ports } = container;
    expect(startupProbe.httpGet).toEqual({ path: '/health/live', port: 'http' });
    expect(livenessProbe.httpGet).toEqual({ path: '/health/live', port: 'http' });
    expect(readinessProbe.httpGet).toEqual({ path: '/health/ready', port: 'http' });
    expect(ports[0]).toEqual({ name: 'http', containerPort: 8080 });
    expect(manifest('Service', service).spec.ports).toEqual([
      { name: 'http', port: 8080, targetPort: 'http' },
    ]);
  });

  test('mounts its own secrets only, and nothing of the cluster', () => {
    const { volumes, automountServiceAccountToken, serviceAccountName } = spec.template.spec;
    expect(volumes[0]).toEqual({
      name: 'secrets',
      secret: { secretName: `monteore-${service}`, defaultMode: 0o440 },
    });
    expect(volumes).toHaveLength(2);
    expect([automountServiceAccountToken, serviceAccountName]).toEqual([false, service]);
    expect(manifest('ServiceAccount', service).automountServiceAccountToken).toBe(false);
  });
});

test('no container may do more than it must', () => {
  for (const { name, content } of manifests()) {
    const containers = containersOf(content);
    if (containers.length === 0) continue;
    const pod = content.spec.template.spec;
    expect([name, pod.securityContext, pod.enableServiceLinks]).toEqual([
      name,
      expect.objectContaining({
        runAsNonRoot: true,
        runAsUser: 10001,
        seccompProfile: { type: 'RuntimeDefault' },
      }),
      false,
    ]);
    for (const { securityContext, resources } of containers) {
      expect([name, securityContext]).toEqual([
        name,
        expect.objectContaining({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true }),
      ]);
      expect([name, securityContext.capabilities.drop]).toEqual([name, ['ALL']]);
      expect([name, resources.limits.memory]).toEqual([name, expect.stringMatching(/^\d+Mi$/)]);
    }
  }
});

test('nobody connects to anything unless a policy says so', () => {
  const policies = ofKind('NetworkPolicy').map(({ content }) => content.spec);
  expect(policies).toContainEqual({ podSelector: {}, policyTypes: ['Ingress'] });
  const open = policies.filter(({ ingress = [] }) => ingress.some(({ from }: Tree) => from === undefined));
  expect(open.map(({ podSelector }) => podSelector.matchLabels['app.kubernetes.io/name']).sort()).toEqual([
    'intake',
    'proxy',
  ]);
});

test('the ingress leads to the proxy, by the paths that are promised', () => {
  const [{ http }] = manifest('Ingress', 'monteore').spec.rules;
  expect(http.paths.map(({ path }: Tree) => path).sort()).toEqual(
    [...SERVICES.map((service) => `/api/${service}`), '/health'].sort(),
  );
  for (const { backend } of http.paths)
    expect(backend).toEqual({ service: { name: 'proxy', port: { name: 'http' } } });
  const { volumes, containers } = manifest('Deployment', 'proxy').spec.template.spec;
  expect(volumes[0]).toEqual({ name: 'caddyfile', configMap: { name: 'caddyfile' } });
  expect(containers[0].volumeMounts[0]).toMatchObject({ name: 'caddyfile', mountPath: '/etc/caddy' });
  expect(containers[0].ports).toEqual([{ name: 'http', containerPort: 8080 }]);
});

test('mails come in at the port that intake listens on', () => {
  const [container] = containersOf(manifest('Deployment', 'intake')) as [Tree];
  const { value } = container.env.find(({ name }: Tree) => name === 'MONTEORE_SMTP_PORT');
  expect(container.ports).toContainEqual({ name: 'smtp', containerPort: Number(value) });
  expect(manifest('Service', 'intake-smtp').spec.ports).toEqual([
    { name: 'smtp', port: 25, targetPort: 'smtp' },
  ]);
});

test('preparing may write the Secrets of the services and no others', () => {
  const names = SERVICES.map((service) => `monteore-${service}`);
  const rules = manifest('Role', 'prepare').rules;
  expect(rules[1].resourceNames.sort()).toEqual([...names].sort());
  expect(rules).toEqual([
    { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
    { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'patch'], resourceNames: expect.any(Array) },
  ]);
});

test('what is generated with a suffix has the name of nothing else: Kustomize would rename that too, in a Role even', () => {
  const generated = [base, example].flatMap(({ configMapGenerator = [] }: Tree) =>
    configMapGenerator.map(({ name }: Tree) => name),
  );
  expect(generated).toContain('intake-settings');
  const allowed = manifest('Role', 'prepare').rules[1].resourceNames;
  expect(generated.filter((name: string) => allowed.includes(name))).toEqual([]);
});

test('what is configured for all is read by all, and by intake what is its own', () => {
  const own = Object.keys(OWN_VARIABLES.intake);
  for (const name of Object.keys(configMap('monteore'))) expect(own).not.toContain(name);
  expect(own).toEqual(expect.arrayContaining(Object.keys(configMap('intake-settings'))));
});

test('the example renames every image of ours', () => {
  const { version } = JSON.parse(readText('package.json'));
  expect(example.images.map(({ name }: Tree) => name).sort()).toEqual(
    [...SERVICES, 'monteore'].map((name) => `monteore/${name}`).sort(),
  );
  for (const { newTag } of example.images) expect(newTag).toBe(version);
});
