import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '@monteore/testing';
import { Outbox } from './outbox.ts';
import { RestClient } from './rest-client.ts';
import type { SmtpAddress } from './send-mail.ts';
import { TestClock } from './test-clock.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const NODE = join(ROOT, 'node_modules', '.bin', 'node');
const PROGRAM = join(ROOT, 'apps', 'monteore', 'dist', 'main.js');

export type TokenOptions = {
  readonly contact?: string;
  readonly subject?: string;
  readonly scopes?: readonly string[];
};

/** A running system, whoever started it. */
export interface Instance {
  readonly baseUrl: string;
  /** Where the metrics of all services are read together. */
  readonly metricsUrl: string;
  readonly smtp: SmtpAddress;
  readonly outbox: Outbox;
  readonly dataDirectory: string;
  /** Throws Error when the system runs by the machine's clock. */
  readonly clock: TestClock;
  /** An access token, through the command line. */
  token(role: string, options?: TokenOptions): Promise<string>;
  /** REST as a role; without one, as nobody. */
  rest(role?: string, options?: TokenOptions): Promise<RestClient>;
  /** Ends what was started here, and removes its files. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Without the sample. */
  readonly empty?: boolean;
  /** With a clock that can be moved. */
  readonly clock?: boolean;
  readonly flags?: readonly string[];
}

/**
 * A system to test: the built program in a process and a directory of its own, or, where `MONTEORE_E2E_BASE_URL` names
 * one, the system that is there (with `MONTEORE_E2E_METRICS`, `_SMTP` as host:port, `_OUTBOX`, `_DATA` and `_TEST_CLOCK`), so that
 * one suite passes both ways of running it.
 */
export async function startInstance({
  empty = true,
  clock = false,
  flags = [],
}: StartOptions = {}): Promise<Instance> {
  const given = variable('MONTEORE_E2E_BASE_URL');
  if (given !== undefined) {
    const running = runningInstance(given);
    // Where the guides look for it; the embedded instance writes it by itself.
    await writeFile(join(running.dataDirectory, 'admin-token'), await running.token('administrator'));
    return running;
  }
  const directory = newDirectory();
  const clockFile = join(directory, 'clock');
  if (clock) writeFileSync(clockFile, '0');
  const dataDirectory = join(directory, 'data');
  const program = await startProgram({
    dataDirectory,
    flags: [...(empty ? ['--empty'] : []), ...flags],
    environment: clock ? { MONTEORE_TEST_CLOCK: clockFile } : {},
  });
  return describe({
    baseUrl: program.baseUrl,
    metricsUrl: `${program.baseUrl}/metrics`,
    smtp: program.smtp,
    dataDirectory,
    outbox: new Outbox(join(dataDirectory, 'outbox')),
    ...(clock ? { clockFile } : {}),
    stop: async () => {
      await program.stop();
      await rm(directory, { recursive: true, force: true });
    },
  });
}

/** Unset and empty are the same. */
const variable = (name: string): string | undefined => process.env[name] || undefined;

function runningInstance(baseUrl: string): Instance {
  const need = (name: string): string => {
    const value = variable(name);
    if (value === undefined) throw new Error(`MONTEORE_E2E_BASE_URL needs ${name} beside it`);
    return value;
  };
  const [host = '', port] = need('MONTEORE_E2E_SMTP').split(':');
  const clockFile = variable('MONTEORE_E2E_TEST_CLOCK');
  return describe({
    baseUrl,
    metricsUrl: need('MONTEORE_E2E_METRICS'),
    smtp: { host, port: Number(port) },
    dataDirectory: need('MONTEORE_E2E_DATA'),
    outbox: new Outbox(need('MONTEORE_E2E_OUTBOX')),
    ...(clockFile === undefined ? {} : { clockFile }),
    stop: async () => {},
  });
}

/** A third of a token's life: the command that makes one takes half a second. */
const TOKEN_REUSE_MILLISECONDS = 300_000;

function describe({
  clockFile,
  ...running
}: Pick<Instance, 'baseUrl' | 'metricsUrl' | 'smtp' | 'dataDirectory' | 'outbox' | 'stop'> & {
  readonly clockFile?: string;
}): Instance {
  const minted = new Map<string, { readonly token: Promise<string>; readonly mintedAt: number }>();
  const token = (role: string, options?: TokenOptions): Promise<string> => {
    const key = JSON.stringify([role, options]);
    const known = minted.get(key);
    if (known !== undefined && performance.now() - known.mintedAt < TOKEN_REUSE_MILLISECONDS)
      return known.token;
    const made = { token: mintToken(running.dataDirectory, role, options), mintedAt: performance.now() };
    minted.set(key, made);
    return made.token;
  };
  return {
    ...running,
    get clock(): TestClock {
      if (clockFile === undefined) throw new Error('this instance runs by the clock of the machine');
      return new TestClock(clockFile);
    },
    token,
    rest: async (role, options) =>
      new RestClient(running.baseUrl, role === undefined ? null : await token(role, options)),
  };
}

/** Prints a token with `monteore token`. Throws Error with what the command said. */
export async function mintToken(
  dataDirectory: string,
  role: string,
  { contact, subject, scopes }: TokenOptions = {},
): Promise<string> {
  const { stdout } = await promisify(execFile)(NODE, [
    ...[PROGRAM, 'token', '--data', dataDirectory, '--role', role],
    ...(contact === undefined ? [] : ['--contact', contact]),
    ...(subject === undefined ? [] : ['--subject', subject]),
    ...(scopes === undefined ? [] : ['--scope', ...scopes]),
  ]);
  return stdout.trim();
}

export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly output: string;
}

/** A command of the program (`backup`, `restore`) as a child, from its first moment. */
export function launchCommand(...words: readonly string[]): {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
} {
  const child = spawn(NODE, [PROGRAM, ...words], {
    env: inheritedEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  return { child, ended: once(child, 'close').then(([code]) => ({ code, output })) };
}

/** The same, to its end. */
export const runCommand = (...words: readonly string[]): Promise<Ended> => launchCommand(...words).ended;

/** What the machine has set for another Monteore, or for this test, must not reach this one. */
const inheritedEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(MONTEORE_|NODE_OPTIONS$)/.test(name)),
  );

/** A new directory that the user Postgres runs as may traverse. */
export function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'monteore-e2e-'));
  chmodSync(directory, 0o755);
  return directory;
}

export interface Program {
  readonly child: ChildProcess;
  readonly baseUrl: string;
  readonly smtp: SmtpAddress;
  /** What it has printed so far. */
  output(): string;
  /** SIGTERM; answers the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface ProgramOptions {
  readonly dataDirectory: string;
  /** Later ones win over the free ports that are asked for. */
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** The program as a child, from its first moment. It ends by itself when this process does. */
export function launchProgram({ dataDirectory, flags = [], environment = {} }: ProgramOptions) {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is not built: run npm run build first`);
  const own = ['--data', dataDirectory, '--port', '0', '--smtp-port', '0'];
  const child = spawn(NODE, [PROGRAM, ...own, ...flags], {
    env: { ...inheritedEnvironment(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let text = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  const exited = once(child, 'close').then(([code]) => code as number | null);
  return { child, exited, output: () => text };
}

/** The same, once it is ready. Throws Error with what it printed when it ends instead. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const { child, exited, output } = launchProgram(options);
  let ended = false;
  void exited.then(() => {
    ended = true;
  });
  const addresses = await eventually(
    () => {
      if (ended) throw new Error(`it ended before it was ready:\n${output()}`);
      return /HTTP +(http:\S+)[\s\S]*SMTP on (\S+):(\d+)/.exec(output());
    },
    'the start',
    60_000,
  );
  return {
    child,
    baseUrl: addresses[1]!,
    smtp: { host: addresses[2]!, port: Number(addresses[3]) },
    output,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal);
      return exited;
    },
  };
}
