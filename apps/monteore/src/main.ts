import { commandLine } from './command-line.js';

try {
  await commandLine().parseAsync();
  process.exitCode ??= 0;
} catch (error) {
  process.stderr.write(`monteore: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
// Whatever a library still holds open does not keep a stopped process alive.
process.exit();
