// Runs a program on the Node that the lock file pins, as if it had been called in our place: arguments, signals and
// exit code are handed on.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const PARENT_CHECK_MILLISECONDS = 250;

/**
 * Ctrl-C reaches the program by the terminal, by npm and by us; it counts signals that come together as one. The
 * channel between us tells it when we are gone, so that it never runs on alone.
 */
export function runProgram(program, args) {
  const child = spawn(join(root, 'node_modules', 'node', 'bin', 'node'), [join(root, program), ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  const { npm_lifecycle_event: npmScript } = process.env;
  if (npmScript !== undefined) {
    // An npm that is killed takes nobody along: whoever it started is then the child of another.
    const npm = process.ppid;
    const check = setInterval(() => {
      if (process.ppid === npm) return;
      clearInterval(check);
      child.kill('SIGTERM');
    }, PARENT_CHECK_MILLISECONDS);
  }
  child.once('error', (error) => {
    console.error(`${program} does not run: ${error.message}`);
    process.exit(1);
  });
  child.once('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}
