import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts } from '../harness/free-ports.ts';
import { type Instance, mintToken, newDirectory, type TokenOptions } from '../harness/instance.ts';
import { Outbox } from '../harness/outbox.ts';
import { RestClient } from '../harness/rest-client.ts';
import type { SmtpAddress } from '../harness/send-mail.ts';
import { TestClock } from '../harness/test-clock.ts';
import { MailpitCopy } from './mailpit.ts';

const ROOT = join(import.meta.dirname, '..', '..');

export interface DeploymentOptions {
  readonly ledgerInPostgres?: boolean;
  /** Names of containers that are not started, for a machine that cannot fetch their images. */
  readonly without?: readonly string[];
  readonly trustedAuthservId?: string;
}

/** A container, as Compose tells of it. */
export interface Container {
  readonly Service: string;
  readonly State: string;
  /** Empty where nothing asks. */
  readonly Health: string;
  readonly ExitCode: number;
}

/** Compose's name of it all: MONTEORE_COMPOSE_PROJECT of whoever will remove what is left, else one that nobody has. */
function projectName(): string {
  const { MONTEORE_COMPOSE_PROJECT } = process.env;
  return MONTEORE_COMPOSE_PROJECT ?? `monteore-test-${randomBytes(4).toString('hex')}`;
}

/** docker-compose.yml as it is, at ports and with volumes of its own, and with a clock that can be moved. */
export class Deployment implements Instance {
  readonly baseUrl: string;
  readonly prometheusUrl: string;
  /** The proxy passes metrics on to nobody: Prometheus has read them. */
  readonly metricsUrl: string;
  readonly smtp: SmtpAddress;
  readonly outbox: Outbox;
  readonly clock: TestClock;
  readonly dataDirectory: string;
  private readonly compose: Compose;
  private readonly directory: string;
  private readonly mailpitUrl: string;
  private mails: MailpitCopy | null = null;

  private constructor(compose: Compose, directory: string, ports: readonly number[]) {
    const [http, smtp, mailpit, prometheus] = ports;
    this.compose = compose;
    this.directory = directory;
    this.baseUrl = `http://127.0.0.1:${http}`;
    this.mailpitUrl = `http://127.0.0.1:${mailpit}`;
    this.prometheusUrl = `http://127.0.0.1:${prometheus}`;
    this.metricsUrl = `${this.prometheusUrl}/federate?match[]={job="monteore"}`;
    this.smtp = { host: '127.0.0.1', port: smtp! };
    this.outbox = new Outbox(join(directory, 'outbox'));
    this.clock = new TestClock(join(directory, 'clock', 'clock'));
    this.dataDirectory = join(directory, 'data');
  }

  /** Builds the images, and resolves when Compose says that all is healthy. Throws Error with what it complained of. */
  static async start({
    ledgerInPostgres = false,
    without = [],
    trustedAuthservId = '',
  }: DeploymentOptions = {}): Promise<Deployment> {
    const directory = newDirectory();
    for (const part of ['clock', 'outbox', 'data']) mkdirSync(join(directory, part));
    writeFileSync(join(directory, 'clock', 'clock'), '0');
    writeFileSync(join(directory, 'postgres-password'), randomBytes(32).toString('hex'));
    const ports = await freePorts(5);
    const [http, smtp, mailpit, prometheus, grafana] = ports;
    const files = [
      'docker-compose.yml',
      ...(ledgerInPostgres ? ['infra/compose/ledger-in-postgres.yml'] : []),
      'e2e/compose/under-test.yml',
    ];
    const compose = new Compose(projectName(), files, {
      MONTEORE_VERSION: 'test',
      MONTEORE_POSTGRES_PASSWORD_FILE: join(directory, 'postgres-password'),
      MONTEORE_HTTP_PORT: String(http),
      MONTEORE_SMTP_BIND: `127.0.0.1:${smtp}`,
      MONTEORE_TRUSTED_AUTHSERV_ID: trustedAuthservId,
      MONTEORE_TEST_DIRECTORY: directory,
      MONTEORE_TEST_MAILPIT_PORT: String(mailpit),
      MONTEORE_TEST_PROMETHEUS_PORT: String(prometheus),
      MONTEORE_TEST_GRAFANA_PORT: String(grafana),
    });
    const deployment = new Deployment(compose, directory, ports);
    try {
      await deployment.up(without);
    } catch (error) {
      await deployment.stop();
      throw error;
    }
    return deployment;
  }

  private async up(without: readonly string[]): Promise<void> {
    const all = (await this.compose.run('config', '--services')).toString().trim().split('\n');
    const wanted = all.filter((name) => !without.includes(name));
    try {
      await this.compose.run('up', '--build', '--detach', '--wait', ...wanted);
    } catch (error) {
      const said = await this.compose.run('logs', '--no-color', '--tail', '30');
      throw new Error(`${(error as Error).message}\n${said}`);
    }
    await this.copyKeys();
    this.mails = new MailpitCopy(this.mailpitUrl, this.outbox.directory);
  }

  /** What `prepare` made, so that tokens can be made outside the containers. */
  private async copyKeys(): Promise<void> {
    const packed = join(this.directory, 'keys.tar');
    const tar = ['--entrypoint', 'tar', 'token', '--create', '--directory', '/var/lib/monteore', '.'];
    writeFileSync(packed, await this.compose.run('run', '--rm', '--no-TTY', ...tar), { mode: 0o600 });
    await promisify(execFile)('tar', [
      ...['--extract', '--no-same-owner', '--file', packed, '--directory', this.dataDirectory],
    ]);
  }

  token(role: string, options?: TokenOptions): Promise<string> {
    return mintToken(this.dataDirectory, role, options);
  }

  async rest(role?: string, options?: TokenOptions): Promise<RestClient> {
    return new RestClient(this.baseUrl, role === undefined ? null : await this.token(role, options));
  }

  /** Those that run and those that have ended. */
  async containers(): Promise<Container[]> {
    const lines = (await this.compose.run('ps', '--all', '--format', 'json')).toString().trim().split('\n');
    return lines.map((line) => JSON.parse(line));
  }

  /** What a program printed in the container of this service. Throws Error with what it complained of. */
  async inside(service: string, ...command: readonly string[]): Promise<string> {
    return (await this.compose.run('exec', '--no-TTY', service, ...command)).toString();
  }

  /** What `monteore` prints inside, as an administrator. Throws Error with what it complained of. */
  async operate(...words: readonly string[]): Promise<string> {
    const token = ['--env', `MONTEORE_TOKEN=${await this.token('administrator')}`];
    return (await this.compose.run('run', '--rm', '--no-TTY', ...token, 'operator', ...words)).toString();
  }

  /** `docker compose up --detach --wait` with more of its words. Throws Error with what it complained of. */
  async upAgain(...words: readonly string[]): Promise<void> {
    await this.compose.run('up', '--detach', '--wait', ...words);
  }

  /** Removes containers, networks, volumes and files. Throws what went wrong while mails were copied. */
  async stop(): Promise<void> {
    try {
      await this.mails?.stop();
    } finally {
      await this.compose.run('--profile', 'tools', 'down', '--volumes', '--timeout', '45');
      await rm(this.directory, { recursive: true, force: true });
    }
  }
}

/** `docker compose` with these files and variables, and none of whoever runs the tests. */
class Compose {
  private readonly fixed: readonly string[];
  private readonly env: NodeJS.ProcessEnv;

  constructor(project: string, files: readonly string[], variables: Readonly<Record<string, string>>) {
    this.fixed = [
      ...['compose', '--project-name', project, '--env-file', '/dev/null', '--project-directory', ROOT],
      ...files.flatMap((file) => ['--file', join(ROOT, file)]),
    ];
    const inherited = Object.entries(process.env).filter(([name]) => !/^(MONTEORE|COMPOSE|OTEL)_/.test(name));
    this.env = { ...Object.fromEntries(inherited), ...variables };
  }

  /** What it printed. Throws Error with what it complained of. */
  async run(...args: readonly string[]): Promise<Buffer> {
    const options = { env: this.env, encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 } as const;
    try {
      return (await promisify(execFile)('docker', [...this.fixed, ...args], options)).stdout;
    } catch (error) {
      const { stderr } = error as { readonly stderr: Buffer };
      throw new Error(`docker compose ${args[0]} failed:\n${stderr.toString().slice(-4000)}`);
    }
  }
}
