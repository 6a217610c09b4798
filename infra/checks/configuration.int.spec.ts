import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { EnvironmentError } from '@monteore/service/configuring';
import { type OwnPostgres, ownPostgres } from '@monteore/testing';
import { parse } from 'yaml';
import { layoutOf } from '../../apps/monteore/src/keeping-the-data-directory/layout.ts';
import { prepareServices } from '../../apps/monteore/src/preparing-services/prepare.ts';
import { composeFile, configMap, containersOf, manifest, OVERRIDES, type Tree } from './deployment-files.ts';
import { readAs, SERVICES, type ServiceName } from './service-programs.ts';

/**
 * Each service reads what a deployment gives it as it does at its start, over the files that `monteore prepare` really
 * makes: what is missing, wrong or misspelt is told here and not by a container that does not start.
 */
let postgres: OwnPostgres;
let directory: string;
const surroundings = process.env;
const { PGPASSWORD: givenPassword } = surroundings;

beforeAll(async () => {
  postgres = await ownPostgres();
  directory = await mkdtemp(join(tmpdir(), 'monteore-prepared-'));
  const admin = new URL(postgres.adminUrl());
  // As in docker-compose.yml: the address names nobody's password, which is beside it.
  surroundings.PGPASSWORD = decodeURIComponent(admin.password);
  admin.password = '';
  await writeFile(join(directory, 'smtp-url'), 'smtps://mail.example');
  await prepareServices(layoutOf(directory), {
    adminDatabaseUrl: admin.toString(),
    connectionsPerService: 12,
  });
}, 90_000);
afterAll(async () => {
  if (givenPassword === undefined) delete surroundings.PGPASSWORD;
  else surroundings.PGPASSWORD = givenPassword;
  await postgres?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** What stands in the way of a start; empty when nothing does. */
function faultsOf(
  service: ServiceName,
  environment: Readonly<Record<string, string | number>>,
): readonly string[] {
  const asMounted = Object.entries(environment).map(([name, value]) => [
    name,
    String(value)
      .replace(/^\/run\/monteore\//, `${join(directory, service)}/`)
      .replace(/^\/run\/secrets\//, `${directory}/`),
  ]);
  try {
    readAs(service, Object.fromEntries(asMounted));
    return [];
  } catch (error) {
    if (error instanceof EnvironmentError) return error.lines;
    throw error;
  }
}

describe('docker-compose.yml', () => {
  const said = {
    MONTEORE_POSTGRES_PASSWORD_FILE: './secrets/postgres-password',
    MONTEORE_SMTP_URL_FILE: './secrets/smtp-url',
    MONTEORE_SITE: 'monteore.example',
  };

  test.each([['no override', []], ...OVERRIDES.map((path) => [path, [path]] as const)] as const)(
    'gives each service what it needs, with %s',
    (_title, overrides) => {
      const { services } = composeFile(said, overrides);
      for (const service of SERVICES)
        expect([service, ...faultsOf(service, services[service].environment)]).toEqual([service]);
    },
  );
});

describe('infra/kubernetes', () => {
  /** What docs/operations/deploying.md has the operator put into Secrets by hand. */
  const SECRETS: Readonly<Record<string, Record<string, string>>> = {
    'monteore-kafka': { MONTEORE_KAFKA_PASSWORD: 'given-by-the-operator' },
    'monteore-event-store': { MONTEORE_EVENT_STORE_URL: 'kurrentdb://kurrentdb.example:2113' },
    'monteore-mail': { MONTEORE_SMTP_URL: 'smtps://mail.example' },
  };

  test.each(SERVICES)('gives %s what it needs', (service) => {
    const [{ env, envFrom }] = containersOf(manifest('Deployment', service)) as [Tree];
    const environment = Object.assign(
      {},
      ...envFrom.map(({ configMapRef, secretRef }: Tree) =>
        configMapRef === undefined ? SECRETS[secretRef.name] : configMap(configMapRef.name),
      ),
      ...env.map(({ name, value }: Tree) => ({ [name]: value })),
    );
    expect(faultsOf(service, environment)).toEqual([]);
  });

  test.each(SERVICES)(
    'makes the Secret of %s out of every file that was prepared for it',
    async (service) => {
      const { secretGenerator } = parse(manifest('ConfigMap', 'prepare').data['kustomization.yaml']);
      const { files } = secretGenerator.find(({ name }: Tree) => name === `monteore-${service}`);
      const prepared = await readdir(join(directory, service));
      expect([...files].sort()).toEqual(prepared.map((file) => `installation/${service}/${file}`).sort());
    },
  );
});
