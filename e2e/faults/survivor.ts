import { writeFileSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { freePorts } from '../harness/free-ports.ts';
import {
  type Instance,
  launchProgram,
  mintToken,
  newDirectory,
  Outbox,
  type Program,
  type ProgramOptions,
  RestClient,
  type SmtpAddress,
  startProgram,
  TestClock,
  type TokenOptions,
} from '../harness/index.ts';
import { expectProven } from './proven.ts';

/** The directory of the database in a data directory. */
export async function clusterIn(dataDirectory: string): Promise<string> {
  const clusters = join(dataDirectory, 'postgres');
  const [cluster = ''] = await readdir(clusters);
  return join(clusters, cluster);
}

async function serverOf(dataDirectory: string): Promise<{ readonly pid: number; readonly port: number }> {
  const lines = (await readFile(join(await clusterIn(dataDirectory), 'postmaster.pid'), 'utf8')).split('\n');
  return { pid: Number(lines[0]), port: Number(lines[3]) };
}

/** Asks the database of a data directory, which listens on the port, as the superuser. */
export async function asSuperuser<Row extends pg.QueryResultRow>(
  dataDirectory: string,
  port: number,
  text: string,
  parameters: unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password: await superuserPassword(dataDirectory),
    database: 'monteore',
  });
  await client.connect();
  try {
    return (await client.query<Row>(text, parameters)).rows;
  } finally {
    await client.end();
  }
}

export async function superuserPassword(dataDirectory: string): Promise<string> {
  return JSON.parse(await readFile(join(dataDirectory, 'installation.json'), 'utf8')).postgresPassword;
}

/**
 * A system of one process that is killed and started again over the same data directory, at the same ports, so that
 * whoever calls it need not know. It starts empty, with a clock that can be moved.
 */
export class Survivor implements Instance {
  readonly baseUrl: string;
  readonly metricsUrl: string;
  readonly smtp: SmtpAddress;
  readonly clock: TestClock;
  readonly dataDirectory: string;
  readonly outbox: Outbox;
  private readonly directory: string;
  private readonly flags: readonly string[];
  private program: Promise<Program>;

  private constructor(
    directory: string,
    ports: { readonly http: number; readonly smtp: number },
    flags: readonly string[],
  ) {
    this.directory = directory;
    this.dataDirectory = join(directory, 'data');
    this.outbox = new Outbox(join(this.dataDirectory, 'outbox'));
    this.clock = new TestClock(join(directory, 'clock'));
    this.baseUrl = `http://127.0.0.1:${ports.http}`;
    this.metricsUrl = `${this.baseUrl}/metrics`;
    this.smtp = { host: '127.0.0.1', port: ports.smtp };
    this.flags = ['--empty', '--port', String(ports.http), '--smtp-port', String(ports.smtp), ...flags];
    this.program = this.launch();
  }

  static start(...flags: string[]): Promise<Survivor> {
    return Survivor.startIn(newDirectory(), ...flags);
  }

  /** Its data directory is `data` in this one, which may be there already. */
  static async startIn(directory: string, ...flags: string[]): Promise<Survivor> {
    writeFileSync(join(directory, 'clock'), '0');
    const [http = 0, smtp = 0] = await freePorts(2);
    const survivor = new Survivor(directory, { http, smtp }, flags);
    await survivor.ready();
    return survivor;
  }

  /** The process that is there, or the next one once it is ready. */
  ready(): Promise<Program> {
    return this.program;
  }

  /** SIGKILL, and a new start at once or after `between`. Resolves when the next process is ready. */
  async killAndRestart(between: () => Promise<void> = async () => {}): Promise<void> {
    const victim = await this.program;
    this.program = victim
      .stop('SIGKILL')
      .then(between)
      .then(() => this.launch());
    await this.program;
  }

  /** Ends it at once, starts it anew and kills that so many milliseconds into its start; then starts it for good. */
  async killWhileStarting(afterMilliseconds: number): Promise<void> {
    await (await this.program).stop('SIGKILL');
    const { child, exited } = launchProgram(this.options());
    await pause(afterMilliseconds);
    child.kill('SIGKILL');
    await exited;
    this.program = this.launch();
    await this.program;
  }

  /** Stops it in order, and starts it anew when the work is done. */
  async whileStopped<T>(work: () => Promise<T>): Promise<T> {
    await (await this.program).stop();
    try {
      return await work();
    } finally {
      this.program = this.launch();
      await this.program;
    }
  }

  token(role: string, options?: TokenOptions): Promise<string> {
    return mintToken(this.dataDirectory, role, options);
  }

  async rest(role?: string, options?: TokenOptions): Promise<RestClient> {
    return new RestClient(this.baseUrl, role === undefined ? null : await this.token(role, options));
  }

  /** SIGKILL to the database that runs under it. */
  async killPostgres(): Promise<void> {
    const { pid } = await serverOf(this.dataDirectory);
    process.kill(pid, 'SIGKILL');
  }

  /** Its database as the superuser sees it. */
  async adminDatabaseUrl(): Promise<string> {
    const { port } = await serverOf(this.dataDirectory);
    const password = encodeURIComponent(await superuserPassword(this.dataDirectory));
    return `postgres://postgres:${password}@127.0.0.1:${port}/monteore`;
  }

  /** Asks its database, as the superuser. */
  async sql<Row extends pg.QueryResultRow>(text: string, parameters: unknown[] = []): Promise<Row[]> {
    const { port } = await serverOf(this.dataDirectory);
    return asSuperuser(this.dataDirectory, port, text, parameters);
  }

  /** Resident memory of the process (not of its database), in MiB: now, and the most there ever was. */
  async residentMebibytes(): Promise<{ readonly now: number; readonly most: number }> {
    const { child } = await this.program;
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
    const read = (name: string): number => {
      const kibibytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status);
      if (kibibytes === null) throw new Error(`no ${name} in /proc/${child.pid}/status`);
      return Number(kibibytes[1]) / 1024;
    };
    return { now: read('VmRSS'), most: read('VmHWM') };
  }

  /** Stops it for good, once it has been shown that its boards equal a rebuild and its chains verify. */
  async proveAndStop(): Promise<void> {
    try {
      await expectProven(this.dataDirectory);
    } finally {
      await this.stop();
    }
  }

  async stop(): Promise<void> {
    await (await this.program).stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  private launch(): Promise<Program> {
    return startProgram(this.options());
  }

  private options(): ProgramOptions {
    const environment = { MONTEORE_TEST_CLOCK: this.clock.file };
    return { dataDirectory: this.dataDirectory, flags: this.flags, environment };
  }
}
