import type { Command } from 'commander';
import { lagCommand } from './lag.js';
import { parkedCommand } from './parked.js';
import { rebuildCommand } from './rebuild.js';
import { replayDiffCommand } from './replay-diff.js';
import { republishCommand } from './republish.js';
import { sourcesCommand } from './sources.js';

/** What an operator asks of a running system. */
export const operatingCommands = (): readonly Command[] => [
  lagCommand(),
  parkedCommand(),
  rebuildCommand(),
  replayDiffCommand(),
  republishCommand(),
  sourcesCommand(),
];
