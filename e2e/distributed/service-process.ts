import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '@monteore/testing';
import { isReady } from './front.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const NODE = join(ROOT, 'node_modules', '.bin', 'node');
const RESTART_PAUSE_MILLISECONDS = 500;
const READY_MILLISECONDS = 180_000;

export interface ServiceProcessOptions {
  readonly service: string;
  readonly port: number;
  readonly environment: Readonly<Record<string, string>>;
  /** Gets what it logs. */
  readonly logFile: string;
  /** Where the services' apps are; another build's for a rolling upgrade. */
  readonly apps?: string;
}

/** One instance of one service, which is started again whenever it ends by itself, as a deployment does. */
export class ServiceProcess {
  readonly service: string;
  readonly port: number;
  private readonly options: ServiceProcessOptions;
  private child: ChildProcess | null = null;
  private isWanted = false;
  private apps: string;
  private more: Readonly<Record<string, string>> = {};

  constructor(options: ServiceProcessOptions) {
    this.options = options;
    this.service = options.service;
    this.port = options.port;
    this.apps = options.apps ?? join(ROOT, 'apps');
  }

  get pid(): number {
    if (this.child?.pid === undefined) throw new Error(`${this.service} does not run`);
    return this.child.pid;
  }

  /** What it is started with, beside what it inherits and its port. */
  get environment(): Readonly<Record<string, string>> {
    return { ...this.options.environment, ...this.more };
  }

  start(): void {
    this.isWanted = true;
    this.launch();
  }

  ready(): Promise<boolean> {
    return eventually(
      () => isReady(this.port),
      `${this.service} at ${this.port} ready`,
      READY_MILLISECONDS,
    ).catch((error: Error) => {
      throw new Error(
        `${error.message}; it said:\n${readFileSync(this.options.logFile, 'utf8').slice(-3000)}`,
      );
    });
  }

  /** SIGKILL; what restarts it is not asked. */
  async kill(): Promise<void> {
    const victim = this.child!;
    victim.kill('SIGKILL');
    await ended(victim);
  }

  /** Frozen for a while, as on a machine that swaps. */
  async freeze(milliseconds: number): Promise<void> {
    const victim = this.child!;
    victim.kill('SIGSTOP');
    await pause(milliseconds);
    victim.kill('SIGCONT');
  }

  /** Stops in order; answers the exit code. It stays stopped. */
  async stop(): Promise<number | null> {
    this.isWanted = false;
    const { child } = this;
    if (child === null) return null;
    child.kill('SIGTERM');
    await ended(child);
    return child.exitCode;
  }

  /** From its next start it has these variables too. */
  reconfigure(more: Readonly<Record<string, string>>): void {
    this.more = more;
  }

  /** Stops in order and starts, perhaps another build; resolves when that is ready. */
  async restart(apps = this.apps): Promise<void> {
    const code = await this.stop();
    if (code !== 0) throw new Error(`${this.service} ended with ${code} when it was asked to stop`);
    this.apps = apps;
    this.start();
    await this.ready();
  }

  private launch(): void {
    const { service, logFile, port } = this.options;
    const log = openSync(logFile, 'a');
    const child = spawn(NODE, [join(this.apps, service, 'dist', 'main.js')], {
      env: { ...inheritedEnvironment(), ...this.environment, MONTEORE_PORT: String(port) },
      // By the channel it learns that whoever started it is gone.
      stdio: ['ignore', log, log, 'ipc'],
    });
    this.child = child;
    child.once('exit', async () => {
      if (!this.isWanted || this.child !== child) return;
      await pause(RESTART_PAUSE_MILLISECONDS);
      if (this.isWanted && this.child === child) this.launch();
    });
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

/** Ours is left out, so that a test decides alone. */
const inheritedEnvironment = () =>
  Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(MONTEORE_|NODE_OPTIONS$|(LINK_)?JWKS_|OTEL_)/.test(name),
    ),
  );
