import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@monteore/embedded-postgres';
import { freePorts } from '../harness/free-ports.ts';
import { type Instance, mintToken, newDirectory, type TokenOptions } from '../harness/instance.ts';
import { Outbox } from '../harness/outbox.ts';
import { RestClient } from '../harness/rest-client.ts';
import type { SmtpAddress } from '../harness/send-mail.ts';
import { TestClock } from '../harness/test-clock.ts';
import { type CommandOutcome, monteore } from '../operating/running-commands.ts';
import { Front } from './front.ts';
import { ServiceProcess } from './service-process.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const NODE = join(ROOT, 'node_modules', '.bin', 'node');
const MONTEORE = join(ROOT, 'apps', 'monteore', 'dist', 'main.js');

export const SERVICE_NAMES = ['identity', 'ledger', 'estimation', 'intake', 'reporting'] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

export interface ClusterOptions {
  readonly brokers: readonly string[];
  /** EventStoreDB or KurrentDB under the ledger; absent: its Postgres. */
  readonly eventStoreUrl?: string;
  /** Of each service. Default 1. Only one has the port for mails in. */
  readonly instances?: number;
  /** More variables: for every service, and for intake. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly intake?: Readonly<Record<string, string>>;
  /** Ports of the one front, else free ones. */
  readonly port?: number;
  readonly smtpPort?: number;
}

/**
 * The distributed topology as plain processes: each service alone, over real Kafka and a Postgres of their own, behind
 * one port; with a clock that can be moved and mails out as files.
 */
export class Cluster implements Instance {
  readonly baseUrl: string;
  readonly metricsUrl: string;
  readonly smtp: SmtpAddress;
  readonly outbox: Outbox;
  readonly dataDirectory: string;
  readonly clock: TestClock;
  readonly directory: string;
  readonly processes: readonly ServiceProcess[];
  private readonly front: Front;
  private postgres: EmbeddedPostgres;

  private constructor(parts: {
    readonly directory: string;
    readonly processes: readonly ServiceProcess[];
    readonly front: Front;
    readonly postgres: EmbeddedPostgres;
    readonly smtpPort: number;
  }) {
    this.directory = parts.directory;
    this.dataDirectory = join(parts.directory, 'data');
    this.processes = parts.processes;
    this.front = parts.front;
    this.postgres = parts.postgres;
    this.baseUrl = parts.front.baseUrl;
    this.metricsUrl = `${parts.front.baseUrl}/metrics`;
    this.smtp = { host: '127.0.0.1', port: parts.smtpPort };
    this.outbox = new Outbox(join(parts.directory, 'outbox'));
    this.clock = new TestClock(join(parts.directory, 'clock'));
  }

  /** Resolves when every service is ready. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const directory = newDirectory();
    writeFileSync(join(directory, 'clock'), '0');
    mkdirSync(join(directory, 'outbox'));
    const postgres = await startPostgres(directory);
    const dataDirectory = join(directory, 'data');
    await promisify(execFile)(NODE, [MONTEORE, 'prepare', '--data', dataDirectory], {
      env: { PATH: process.env.PATH, MONTEORE_ADMIN_DATABASE_URL: postgres.adminUrl('postgres') },
    });
    const { instances = 1 } = options;
    const [smtpPort = 0, ...ports] = await freePorts(1 + SERVICE_NAMES.length * instances);
    const portsOf = Object.fromEntries(
      SERVICE_NAMES.map((service, index) => [
        service,
        ports.slice(index * instances, (index + 1) * instances),
      ]),
    ) as Record<ServiceName, number[]>;
    const front = await Front.listen(portsOf, options.port);
    const mailPort = options.smtpPort ?? smtpPort;
    const processes = SERVICE_NAMES.flatMap((service) =>
      portsOf[service].map(
        (port, index) =>
          new ServiceProcess({
            service,
            port,
            logFile: join(directory, `${service}-${index}.log`),
            environment: {
              ...environmentOf(service, directory, front.baseUrl, portsOf, options),
              ...(service === 'intake' && index === 0 ? { MONTEORE_SMTP_PORT: String(mailPort) } : {}),
              ...options.environment,
              ...(service === 'intake' ? options.intake : {}),
            },
          }),
      ),
    );
    const cluster = new Cluster({ directory, processes, front, postgres, smtpPort: mailPort });
    try {
      await cluster.startServices();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  async ready(): Promise<void> {
    await Promise.all(this.processes.map((one) => one.ready()));
  }

  of(service: ServiceName): readonly ServiceProcess[] {
    return this.processes.filter((one) => one.service === service);
  }

  logOf(service: ServiceName, instance = 0): string {
    return readFileSync(join(this.directory, `${service}-${instance}.log`), 'utf8');
  }

  adminDatabaseUrl(database = 'monteore'): string {
    return this.postgres.adminUrl(database);
  }

  /** Stopped in order, and started at the same port. */
  restartPostgres(): Promise<void> {
    return this.whilePostgresIsStopped(async () => {});
  }

  /** Stopped in order, and started at the same port when the work on its directory is done. */
  async whilePostgresIsStopped(work: (directory: string) => Promise<unknown>): Promise<void> {
    const { port } = this.postgres;
    await this.postgres.stop();
    await work(databaseDirectory(this.directory));
    this.postgres = await startPostgres(this.directory, port);
  }

  /** All services, in order. */
  async stopServices(): Promise<void> {
    await Promise.all(this.processes.map((one) => one.stop()));
  }

  /** Resolves when all are ready. */
  async startServices(): Promise<void> {
    for (const one of this.processes) one.start();
    await this.ready();
  }

  token(role: string, options?: TokenOptions): Promise<string> {
    return mintToken(this.dataDirectory, role, options);
  }

  async rest(role?: string, options?: TokenOptions): Promise<RestClient> {
    return new RestClient(this.baseUrl, role === undefined ? null : await this.token(role, options));
  }

  /** Runs `monteore` with these arguments to its end, as an operator does who has a service's variables. */
  monteoreAs(service: ServiceName, args: readonly string[]): Promise<CommandOutcome> {
    return monteore(args, this.of(service)[0]!.environment);
  }

  async stop(): Promise<void> {
    await this.stopServices();
    await this.front.close();
    await this.postgres.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}

const databaseDirectory = (directory: string): string => join(directory, 'postgres');

function startPostgres(directory: string, port?: number): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({
    dataDir: databaseDirectory(directory),
    password: 'only-on-this-machine',
    ...(port === undefined ? {} : { port }),
  });
}

function environmentOf(
  service: ServiceName,
  directory: string,
  publicUrl: string,
  portsOf: Readonly<Record<ServiceName, readonly number[]>>,
  { brokers, eventStoreUrl }: ClusterOptions,
): Record<string, string> {
  const secrets = join(directory, 'data', service);
  const keysAt = (owner: ServiceName) => `http://127.0.0.1:${portsOf[owner][0]}/.well-known/jwks.json`;
  return {
    MONTEORE_PUBLIC_URL: publicUrl,
    MONTEORE_DATABASE_URL_FILE: join(secrets, 'database-url'),
    MONTEORE_OWNER_DATABASE_URL_FILE: join(secrets, 'owner-database-url'),
    MONTEORE_INSTALLATION_SECRET_FILE: join(secrets, 'installation-secret'),
    MONTEORE_KAFKA_BROKERS: brokers.join(','),
    MONTEORE_TEST_CLOCK: join(directory, 'clock'),
    ...(service === 'identity'
      ? { JWKS_FILE: join(secrets, 'access.jwks.json') }
      : { JWKS_URL: keysAt('identity') }),
    ...(service === 'intake'
      ? {
          LINK_JWKS_FILE: join(secrets, 'links.jwks.json'),
          MONTEORE_LINK_SIGNING_KEY_FILE: join(secrets, 'links.private.json'),
          MONTEORE_OUTBOX: join(directory, 'outbox'),
        }
      : { LINK_JWKS_URL: keysAt('intake') }),
    ...(service === 'ledger' && eventStoreUrl !== undefined
      ? { MONTEORE_EVENT_STORE_URL: eventStoreUrl }
      : {}),
  };
}
