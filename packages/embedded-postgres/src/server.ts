import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { resolve as absolute } from 'node:path';
import { createInterface } from 'node:readline';
import { type Account, accountFor } from './account.js';
import { type Binaries, findBinaries } from './binaries.js';
import {
  assertSameMajor,
  cleanEnvironment,
  initialiseWhenEmpty,
  reachableDirectory,
} from './data-directory.js';
import { readPidFile, stopPostmaster, stopSurvivor, within } from './processes.js';

export interface EmbeddedPostgresOptions {
  /**
   * Where the database lives; made when absent. Its user must hold a lock on it: a second start of the same
   * directory stops the server of the first.
   */
  readonly dataDir: string;
  /** TCP port on 127.0.0.1; a free one when absent. */
  readonly port?: number;
  /** Password of the superuser, fixed when the directory is first made. */
  readonly password: string;
  /** Gets the server's log and what was decided about directories and users. Without it the server's log is dropped. */
  readonly log?: (line: string) => void;
  /** Server settings that override ours, but for the addresses listened on. Tests give `fsync: 'off'` here; nobody else may. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface EmbeddedPostgres {
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly superuser: 'postgres';
  /** Where the data really is: not the asked directory when that is closed to the user Postgres runs as. */
  readonly dataDir: string;
  /** Process id of the server. */
  readonly pid: number;
  /** Resolves when the server's process has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** A connection string of the superuser. */
  adminUrl(database: string): string;
  /** Ends sessions, writes a checkpoint, resolves when the process is gone. May be called twice. */
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
const START_LIMIT_MILLISECONDS = 120_000;
const LINES_KEPT = 20;

const SETTINGS: Readonly<Record<string, string>> = {
  max_connections: '200',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/** These are not for choosing: only this machine may come in, and only by password. */
const FIXED_SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: HOST,
  unix_socket_directories: '',
  password_encryption: 'scram-sha-256',
};

/**
 * Starts the Postgres server that npm brought, in a data directory that is made on the first start, and resolves
 * when it takes connections. A server that an earlier, killed process left running there is stopped first.
 * The server is in a process group of its own: Ctrl-C in the terminal does not end it before `stop()` does.
 * Throws Error (with the server's last lines) when it does not start.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const log = options.log ?? (() => {});
  const asked = absolute(options.dataDir);
  const account = await accountFor(asked, log);
  const binaries = await findBinaries(account, log);
  const dataDir = await reachableDirectory(asked, account, log);
  if (await initialiseWhenEmpty(dataDir, binaries, account, options.password))
    log(`made a new database in ${dataDir}`);
  await assertSameMajor(dataDir, versionOf(binaries, account));
  await stopSurvivor(dataDir, log);
  const { child, port } = await launch({ ...options, dataDir }, binaries, account);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  if (child.exitCode !== null || child.signalCode !== null) throw new Error('Postgres ended as it started');
  const pid = child.pid!;
  let stopping: Promise<void> | undefined;
  return {
    host: HOST,
    port,
    superuser: 'postgres',
    dataDir,
    pid,
    ended,
    adminUrl: (database) =>
      `postgres://postgres:${encodeURIComponent(options.password)}@${HOST}:${port}/${encodeURIComponent(database)}`,
    stop: () => {
      stopping ??=
        child.exitCode === null && child.signalCode === null ? stopPostmaster(pid) : Promise.resolve();
      return stopping.then(() => ended);
    },
  };
}

export interface DatabasePlace {
  /** Not the asked directory when that is closed to the user Postgres runs as. */
  readonly directory: string;
  /** Who must own its files; undefined: the user we are. */
  readonly account: Account | undefined;
}

/** Where the database that `dataDir` asks for is, or would be made. */
export async function placeOfDatabase(
  dataDir: string,
  log: (line: string) => void = () => {},
): Promise<DatabasePlace> {
  const asked = absolute(dataDir);
  const account = await accountFor(asked, log);
  return { directory: await reachableDirectory(asked, account, log), account };
}

function versionOf(binaries: Binaries, account: Account | undefined): string {
  const answer = spawnSync(binaries.postgres, ['--version'], { ...account, cwd: '/', encoding: 'utf8' });
  if (answer.status !== 0)
    throw new Error(`${binaries.postgres} does not run: ${answer.stderr || answer.error?.message}`);
  return answer.stdout;
}

class StartFailure extends Error {
  constructor(readonly lines: readonly string[]) {
    super(`Postgres did not start:\n${lines.join('\n')}`);
    this.name = 'StartFailure';
  }
  says(text: string): boolean {
    return this.lines.some((line) => line.includes(text));
  }
}

/**
 * Two failures pass: a free port that another process took in between, and the shared memory of a killed server
 * whose sessions have not all noticed yet.
 */
async function launch(
  options: EmbeddedPostgresOptions,
  binaries: Binaries,
  account: Account | undefined,
): Promise<{ child: ChildProcess; port: number }> {
  const giveUp = performance.now() + 15_000;
  for (;;) {
    const port = options.port ?? (await freePort());
    try {
      return { child: await launchOnce(options, port, binaries, account), port };
    } catch (error) {
      const passes =
        error instanceof StartFailure &&
        ((options.port === undefined && error.says('could not bind')) || error.says('shared memory block'));
      if (!passes || performance.now() > giveUp) throw error;
    }
  }
}

async function launchOnce(
  { dataDir, log, settings }: EmbeddedPostgresOptions,
  port: number,
  binaries: Binaries,
  account: Account | undefined,
): Promise<ChildProcess> {
  const flags = Object.entries({ ...SETTINGS, ...settings, ...FIXED_SETTINGS, port: String(port) });
  const child = spawn(
    binaries.postgres,
    ['-D', dataDir, ...flags.flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    { ...account, cwd: '/', detached: true, stdio: ['ignore', 'ignore', 'pipe'], env: cleanEnvironment() },
  );
  const lastLines: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    lastLines.push(line);
    if (lastLines.length > LINES_KEPT) lastLines.shift();
    log?.(line);
  });
  let closed = false;
  child.once('error', (error) => {
    lastLines.push(error.message);
    closed = true;
  });
  child.once('close', () => {
    closed = true;
  });
  const isReady = async () => {
    const pidFile = await readPidFile(dataDir);
    return closed || (pidFile?.pid === child.pid && pidFile?.ready === true);
  };
  const settled = await within(START_LIMIT_MILLISECONDS, isReady);
  if (!settled && child.pid !== undefined) await stopPostmaster(child.pid, 0);
  if (!settled || closed) throw new StartFailure(lastLines);
  // Neither the server nor its pipe keeps our process from ending; a broken pipe does not disturb Postgres.
  child.unref();
  if (log === undefined) child.stderr.destroy();
  else (child.stderr as unknown as { unref(): void }).unref();
  return child;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, HOST, () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
      });
    });
  });
}
