import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type LocalKafka, startKafka } from '../../../infra/kafka-local/kafka.mjs';
import { newDirectory } from '../../harness/index.ts';
import { Cluster, SERVICE_NAMES, type ServiceName } from '../cluster.ts';
import { LogOfKafka } from './log-of-kafka.ts';
import { SteadyLoad } from './steady-load.ts';

/** Far beyond what a test takes: each of its waits has a limit of its own, and says what it waited for. */
jest.setTimeout(900_000);

const ROOT = join(import.meta.dirname, '..', '..', '..');

let kafka: LocalKafka;
let cluster: Cluster;
let load: SteadyLoad;
let next: string;

beforeAll(async () => {
  next = nextBuild();
  kafka = await startKafka();
  cluster = await Cluster.start({ brokers: kafka.brokers, instances: 2 });
}, 240_000);

afterAll(async () => {
  await cluster?.stop();
  await kafka?.stop();
  await rm(next, { recursive: true, force: true });
}, 60_000);

beforeEach(async () => {
  load = await SteadyLoad.on(cluster);
  load.start();
  await load.goesOn(1);
}, 300_000);

afterEach(async () => {
  await cluster.ready();
  await load.goesOn();
  await load.stop();
  await load.expectNothingLostOrDoubled();
}, 900_000);

const definitionOf: Readonly<Record<ServiceName, string>> = {
  identity: 'identityService',
  ledger: 'ledgerService',
  estimation: 'estimationService',
  intake: 'intakeService(intakeOptionsOf(values))',
  reporting: 'reportingService',
};

/** A build of every service whose public events say more than today's: the same program with a later contract. */
function nextBuild(): string {
  const directory = newDirectory();
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  for (const service of SERVICE_NAMES) {
    const app = join(directory, 'apps', service);
    mkdirSync(app, { recursive: true });
    for (const part of ['package.json', 'dist'])
      cpSync(join(ROOT, 'apps', service, part), join(app, part), { recursive: true });
    writeFileSync(join(app, 'dist', 'main.js'), nextProgram(service));
  }
  return directory;
}

const nextProgram = (service: ServiceName): string => `
  import { runService } from '@monteore/service';
  import * as own from './${service}.service.js';
  import * as variables from './variables.js';
  const { ${service}Variables, ${service}Faults, intakeOptionsOf, eventStoreOfLedger } = variables;
  const { ${definitionOf[service].replace(/\(.*/, '')} } = own;
  const later = (definition) => ({
    ...definition,
    publish: (event) => {
      const form = definition.publish(event);
      return form === null ? null : { ...form, data: { ...form.data, saidLater: { version: 2 } } };
    },
  });
  await runService({
    name: '${service}',
    variables: ${service}Variables,
    faults: ${service}Faults,
    define: (values) => later(${definitionOf[service]}),
  });`;

describe('two instances of each service, under a steady load', () => {
  test.each(SERVICE_NAMES)(
    'one of %s is killed, and its partitions go to the other and back',
    async (service) => {
      const [one, other] = cluster.of(service);
      await one!.kill();
      await load.goesOn();
      await one!.ready();
      await other!.kill();
    },
  );

  test('every instance is restarted with the next build, one at a time, while both versions publish', async () => {
    for (const index of [0, 1]) {
      for (const service of SERVICE_NAMES) {
        await cluster.of(service)[index]!.restart(join(next, 'apps'));
        await load.goesOn(1);
      }
    }
    const said = (await new LogOfKafka(kafka.brokers).read('monteore.ledger.events.v1')).map(
      ({ value }) => JSON.parse(String(value)).data,
    );
    expect(said.some(({ saidLater }) => saidLater === undefined)).toBe(true);
    expect(said.some(({ saidLater }) => saidLater?.version === 2)).toBe(true);
  });
});
