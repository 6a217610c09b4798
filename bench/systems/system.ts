import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Cluster, type ServiceName } from '../../e2e/distributed/cluster.ts';
import { mintToken, newDirectory, startProgram } from '../../e2e/harness/instance.ts';
import type { RestClient } from '../../e2e/harness/rest-client.ts';
import { RestClient as Client } from '../../e2e/harness/rest-client.ts';
import { startKafka } from '../../infra/kafka-local/kafka.mjs';

export type { ServiceName };

/** A running Monteore that is measured from outside. */
export interface System {
  /** Where a service's routes begin, without a proxy of ours between: `<base>/v1/…`. */
  urlOf(service: ServiceName): string;
  /** The database that holds the schemas of all services, as its superuser. */
  readonly databaseUrl: string;
  /** An access token of the administrator, for a quarter of an hour. */
  token(): Promise<string>;
  /** For setting up; not for measuring. */
  rest(): Promise<RestClient>;
  stop(): Promise<void>;
}

/** Everything in one process, as `npm start` runs it, without the sample. */
export async function startEmbedded(): Promise<System> {
  const directory = newDirectory();
  const dataDirectory = join(directory, 'data');
  const program = await startProgram({ dataDirectory, flags: ['--empty'] });
  const { baseUrl } = program;
  const token = () => mintToken(dataDirectory, 'administrator');
  return {
    urlOf: (service) => `${baseUrl}/api/${service}`,
    databaseUrl: await databaseUrlIn(dataDirectory),
    token,
    rest: async () => new Client(baseUrl, await token()),
    stop: async () => {
      await program.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The superuser's connection to an instance's database: its password, and the port that its Postgres has noted. */
async function databaseUrlIn(dataDirectory: string): Promise<string> {
  const { postgresPassword } = JSON.parse(
    await readFile(join(dataDirectory, 'installation.json'), 'utf8'),
  ) as { postgresPassword: string };
  const [cluster = ''] = await readdir(join(dataDirectory, 'postgres'));
  const noted = await readFile(join(dataDirectory, 'postgres', cluster, 'postmaster.pid'), 'utf8');
  const port = noted.split('\n')[3];
  return `postgres://postgres:${encodeURIComponent(postgresPassword)}@127.0.0.1:${port}/monteore`;
}

/** Each service as a process of its own, over a real Kafka. */
export async function startCluster(): Promise<System> {
  const kafka = await startKafka();
  try {
    // Without the clock that tests move: it is a file, read at each question.
    const cluster = await Cluster.start({
      brokers: kafka.brokers,
      environment: { MONTEORE_TEST_CLOCK: '' },
    });
    return {
      urlOf: (service) => `http://127.0.0.1:${cluster.of(service)[0]!.port}`,
      databaseUrl: cluster.adminDatabaseUrl(),
      token: () => cluster.token('administrator'),
      rest: () => cluster.rest('administrator'),
      stop: async () => {
        await cluster.stop();
        await kafka.stop();
      },
    };
  } catch (error) {
    await kafka.stop();
    throw error;
  }
}
