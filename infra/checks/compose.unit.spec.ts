import { describe, expect, test } from '@jest/globals';
import { CONNECTIONS_OF_AN_INSTANCE } from '../../apps/monteore/src/running-postgres/databases.ts';
import { containerArguments } from '../kafka-local/in-docker.mjs';
import { composeFile, OVERRIDES, readText, readYaml, type Tree } from './deployment-files.ts';
import { composeFaults } from './schemas.ts';
import { namesReadBy, SERVICES, variablesOf } from './service-programs.ts';

const PASSWORD = { MONTEORE_POSTGRES_PASSWORD_FILE: './secrets/postgres-password' };
/** What the overrides ask for. */
const SAID = { ...PASSWORD, MONTEORE_SMTP_URL_FILE: './secrets/smtp-url', MONTEORE_SITE: 'monteore.example' };

const file = composeFile(PASSWORD);
const everyService: [string, Tree][] = Object.entries(file.services);
const version = JSON.parse(readText('package.json')).version;

test.each([
  ['no override', []],
  ...OVERRIDES.map((path) => [path, [path]] as const),
  ['all overrides', OVERRIDES],
] as const)('docker-compose.yml is what the Compose specification allows, with %s', (_title, overrides) => {
  expect(composeFaults(composeFile(SAID, overrides))).toEqual([]);
});

test('overrides change services that are there', () => {
  for (const path of OVERRIDES)
    expect(everyService.map(([name]) => name)).toEqual(
      expect.arrayContaining(Object.keys(readYaml(path).services)),
    );
});

test('what an override takes away is waited for by nobody', () => {
  for (const path of OVERRIDES) {
    const { services } = composeFile(SAID, [path]);
    for (const { depends_on: needed = {} } of Object.values<Tree>(services))
      expect(Object.keys(services)).toEqual(
        expect.arrayContaining(Array.isArray(needed) ? needed : Object.keys(needed)),
      );
  }
});

describe.each(SERVICES)('%s', (name) => {
  const service: Tree = file.services[name];

  test('is built from the one Dockerfile, as this version', () => {
    expect(service).toMatchObject({
      image: `monteore/${name}:${version}`,
      build: { context: '.', dockerfile: 'infra/docker/Dockerfile', args: { SERVICE: name } },
    });
  });

  test('is told nothing that it does not read, and no secret but by a file', () => {
    expect(namesReadBy(name)).toEqual(expect.arrayContaining(Object.keys(service.environment)));
    for (const [variable, { secret }] of Object.entries(variablesOf(name)))
      if (secret) expect(service.environment[variable] ?? '').not.toMatch(/@|^[^:]+$/);
  });

  test('sees its own secrets only, and cannot change them', () => {
    expect(service.volumes).toEqual([
      {
        type: 'volume',
        source: 'secrets',
        target: '/run/monteore',
        read_only: true,
        volume: { subpath: name },
      },
    ]);
  });

  test('waits until everything is prepared, and has time to stop', () => {
    expect(service.depends_on).toMatchObject({
      prepare: { condition: 'service_completed_successfully' },
      kafka: { condition: 'service_healthy' },
    });
    // A stop that takes 40 seconds is given up by the service itself.
    expect(Number.parseInt(service.stop_grace_period, 10)).toBeGreaterThan(40);
  });

  test('cannot write to its file system or open a port of this machine for HTTP', () => {
    expect(service).toMatchObject({
      read_only: true,
      restart: 'unless-stopped',
      pids_limit: expect.any(Number),
    });
    expect(JSON.stringify(service.ports ?? [])).not.toContain(':8080');
  });
});

test('every container is held in bounds', () => {
  for (const [name, service] of everyService) {
    expect([name, service.cap_drop, service.security_opt]).toEqual([
      name,
      ['ALL'],
      ['no-new-privileges:true'],
    ]);
    if (service.restart !== 'no')
      expect([name, service.mem_limit]).toEqual([name, expect.stringMatching(/^\d+[mg]$/)]);
  }
});

test('what runs all the time tells whether it is well', () => {
  const own = new Set<string>(SERVICES);
  for (const [name, service] of everyService)
    if (service.restart !== 'no' && !own.has(name))
      expect([name, service.healthcheck?.test]).toEqual([name, expect.arrayContaining(['CMD'])]);
});

test('ports are opened on this machine only, unless the operator says otherwise', () => {
  const published = everyService.flatMap(([, { ports = [] }]) => ports);
  expect(published.sort()).toEqual([
    '127.0.0.1:2525:2525',
    '127.0.0.1:3000:3000',
    '127.0.0.1:8025:8025',
    '127.0.0.1:8080:8080',
    '127.0.0.1:9090:9090',
  ]);
});

test('without a password for the database it says how to make one', () => {
  expect(() => composeFile()).toThrow(
    /^MONTEORE_POSTGRES_PASSWORD_FILE: make a password.*openssl rand.*\.env/,
  );
});

test('no password is written down', () => {
  const secret = everyService.flatMap(([name, { environment = {} }]) =>
    Object.entries(environment)
      .filter(([variable]) => /PASSWORD|SECRET|TOKEN|PRIVATE/.test(variable) && !variable.endsWith('_FILE'))
      .map(([variable, value]) => [name, variable, value]),
  );
  expect(secret).toEqual([
    // Without a value it is that of whoever runs it.
    ['operator', 'MONTEORE_TOKEN', null],
  ]);
  expect(JSON.stringify(file)).not.toMatch(/:\/\/[^/"]*:[^/"]*@/);
});

test('KurrentDB, which asks nobody who it is, is reached by the ledger alone', () => {
  expect(file.services.kurrentdb.networks).toEqual(['ledger-events']);
  expect(file.networks['ledger-events']).toEqual({ internal: true });
  const reaching = everyService.filter(([, { networks }]) =>
    JSON.stringify(networks ?? []).includes('"ledger-events"'),
  );
  expect(reaching.map(([name]) => name).sort()).toEqual(['kurrentdb', 'ledger']);
  const { hostname, port } = new URL(file.services.ledger.environment.MONTEORE_EVENT_STORE_URL);
  expect([hostname, port]).toEqual(['kurrentdb', '2113']);
});

test('the database has a connection for everybody', () => {
  const [, perService] = /--connections-per-service (\d+)/.exec(file.services.prepare.command.join(' '))!;
  const [, most] = /max_connections=(\d+)/.exec(file.services.postgres.command.join(' '))!;
  expect(Number(perService) % CONNECTIONS_OF_AN_INSTANCE).toBe(0);
  // Each service migrates as the owner while it starts, and three are kept for the superuser.
  expect(Number(most)).toBeGreaterThanOrEqual(SERVICES.length * (Number(perService) + 2) + 3);
});

test('Kafka is the one that the tests run against', () => {
  const [, tested] = /<artifactId>kafka_2\.13<\/artifactId>\s*<version>([^<]+)/.exec(
    readText('infra/kafka-local/pom.xml'),
  )!;
  expect(file.services.kafka.image).toBe(`apache/kafka:${tested}`);
  expect(containerArguments('broker', 40_000).at(-1)).toBe(file.services.kafka.image);
  const [, advertised] = /\/\/(.+)$/.exec(file.services.kafka.environment.KAFKA_ADVERTISED_LISTENERS)!;
  for (const name of SERVICES)
    expect(file.services[name].environment.MONTEORE_KAFKA_BROKERS).toBe(advertised);
});

test('a broker for tests in a container is reached from this machine alone, by variables that the image knows', () => {
  const asked = containerArguments('broker', 40_000);
  const after = (flag: string) => asked.filter((_, index) => asked[index - 1] === flag);
  expect(after('--publish')).toEqual(['127.0.0.1:40000:40000']);
  const set = Object.fromEntries(after('--env').map((variable) => variable.split('=')));
  const { environment } = file.services.kafka;
  for (const name of ['KAFKA_PROCESS_ROLES', 'KAFKA_NODE_ID', 'KAFKA_LISTENER_SECURITY_PROTOCOL_MAP'])
    expect(set[name]).toBe(String(environment[name]));
  expect(set.KAFKA_ADVERTISED_LISTENERS).toBe('PLAINTEXT://127.0.0.1:40000');
  expect(set.KAFKA_CONTROLLER_QUORUM_VOTERS).toBe('1@localhost:29093');
});

test('an operator has what reporting has, and the keys of nobody', () => {
  const { operator, reporting, token } = file.services;
  expect(operator.environment).toMatchObject(reporting.environment);
  expect([operator.volumes, operator.networks]).toEqual([reporting.volumes, reporting.networks]);
  expect(operator.environment.MONTEORE_URL).toBe('http://caddy:8080');
  // What makes tokens is on no network.
  expect([token.network_mode, token.networks]).toEqual(['none', undefined]);
});

test('public keys are asked of those who publish them', () => {
  for (const name of SERVICES) {
    const { JWKS_URL, LINK_JWKS_URL } = file.services[name].environment;
    expect(JWKS_URL).toBe(name === 'identity' ? undefined : 'http://identity:8080/.well-known/jwks.json');
    expect(LINK_JWKS_URL).toBe(name === 'intake' ? undefined : 'http://intake:8080/.well-known/jwks.json');
  }
});

test('a public site is reached by TLS, under the name that it was given', () => {
  const { caddy, operator } = composeFile(SAID, ['infra/compose/public.yml']).services;
  expect(caddy.environment.MONTEORE_SITE).toBe('monteore.example');
  expect(caddy.ports).toEqual(['80:80', '443:443', '443:443/udp']);
  expect(caddy.networks).toEqual({ edge: {}, services: { aliases: ['monteore.example'] } });
  expect(operator.environment.MONTEORE_URL).toBe('https://monteore.example');
  expect(() => composeFile(PASSWORD, ['infra/compose/public.yml'])).toThrow(/^MONTEORE_SITE: name this site/);
});

test("mails leave through the operator's server, whose address is in a file", () => {
  const { intake, mailpit } = composeFile(SAID, ['infra/compose/own-mail-server.yml']).services;
  expect(mailpit).toBeUndefined();
  expect(intake.environment).toMatchObject({ MONTEORE_SMTP_URL_FILE: '/run/secrets/smtp-url' });
  expect(intake.environment).not.toHaveProperty('MONTEORE_SMTP_URL');
});
