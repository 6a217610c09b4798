import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { DoubleOptions } from './server.js';

/** The double as a process of its own, so that it can be killed, frozen and started again over what it has kept. */
export interface DoubleProcess {
  readonly connectionString: string;
  readonly port: number;
  /** That of the running process: another after `start`. */
  pid(): number;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGTERM, as at an orderly stop. */
  stop(): Promise<void>;
  /** SIGSTOP: it keeps its connections and says nothing. */
  freeze(): void;
  thaw(): void;
  /** Again, on the same port, after `kill` or `stop`. */
  start(): Promise<void>;
}

// Run from the sources, imports of `.js` files have to find their `.ts`.
const FROM_SOURCES = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({ resolve(name, context, next) {
    const source = name.startsWith('.') && (context.parentURL ?? '').endsWith('.ts');
    return next(source ? name.replace(/\\.js$/, '.ts') : name, context);
  } });
`)}`;

export async function startDoubleProcess(options: DoubleOptions = {}): Promise<DoubleProcess> {
  const fromSources = import.meta.url.endsWith('.ts');
  const main = fileURLToPath(new URL(`./main.${fromSources ? 'ts' : 'js'}`, import.meta.url));
  const run = async (port: number) => {
    const args = [
      ...(fromSources ? ['--import', FROM_SOURCES] : []),
      main,
      '--port',
      String(port),
      ...(options.directory === undefined ? [] : ['--directory', options.directory]),
    ];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    const [line] = await Promise.race([
      once(createInterface(child.stdout!), 'line') as Promise<[string]>,
      once(child, 'exit').then((): never => {
        throw new Error('the double of KurrentDB did not start');
      }),
    ]);
    return { child, connectionString: line.replace(/^ready /, '') };
  };
  let { child, connectionString } = await run(options.port ?? 0);
  const port = Number(new URL(connectionString.replace('esdb:', 'http:')).port);
  return {
    connectionString,
    port,
    pid: () => child.pid!,
    kill: () => end(child, 'SIGKILL'),
    stop: () => end(child, 'SIGTERM'),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    start: async () => {
      ({ child, connectionString } = await run(port));
    },
  };
}

async function end(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}
