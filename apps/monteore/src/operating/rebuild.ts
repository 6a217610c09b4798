import { setTimeout as pause } from 'node:timers/promises';
import { Command } from 'commander';
import { print, printJson, tell } from './printing.js';
import { type ReachOptions, RunningSystem, withReachOptions } from './running-system.js';

interface RebuildState {
  readonly state: 'never' | 'running' | 'done' | 'failed' | 'interrupted';
  readonly readMessages: number;
  readonly allMessages: number;
  readonly begunAt?: string;
  readonly endedAt?: string;
  readonly failure?: string;
}

/** Which service has which read model. */
const READ_MODELS = { boards: 'reporting' } as const;

const LOOK_EVERY_MILLISECONDS = 500;
const TELL_EVERY_MILLISECONDS = 5000;

/** `monteore rebuild`: resolves when the new read model serves. */
export function rebuildCommand(): Command {
  return withReachOptions(new Command('rebuild'))
    .description('fold a read model anew beside the one that serves, and swap it in')
    .requiredOption('--read-model <name>', Object.keys(READ_MODELS).join(', '))
    .action(async ({ readModel, json, ...reach }: ReachOptions & { json?: true; readModel: string }) => {
      if (!(readModel in READ_MODELS))
        throw new Error(`--read-model ${readModel}: one of ${Object.keys(READ_MODELS).join(', ')}`);
      const name = readModel as keyof typeof READ_MODELS;
      const path = `/v1/read-models/${name}/rebuild`;
      const system = await RunningSystem.reach(reach);
      await system.post(READ_MODELS[name], path);
      const ended = await untilEnded(() => system.get<RebuildState>(READ_MODELS[name], path));
      if (json === true) printJson(ended);
      if (ended.state !== 'done') throw new Error(faultOf(ended));
      if (json !== true)
        print(`${name}: swapped in after ${ended.readMessages} messages, in ${secondsOf(ended)} s.`);
    });
}

async function untilEnded(look: () => Promise<RebuildState>): Promise<RebuildState> {
  let toldAt = performance.now();
  for (;;) {
    const state = await look();
    if (state.state !== 'running') return state;
    if (performance.now() - toldAt > TELL_EVERY_MILLISECONDS) {
      tell(`${state.readMessages} of ${state.allMessages} messages`);
      toldAt = performance.now();
    }
    await pause(LOOK_EVERY_MILLISECONDS);
  }
}

const faultOf = ({ state, failure }: RebuildState): string =>
  state === 'failed'
    ? `the rebuild failed, and what served before serves: ${failure}`
    : 'the service that did the rebuild has ended; what served before serves: run this again';

const secondsOf = ({ begunAt = '', endedAt = '' }: RebuildState): string =>
  ((Date.parse(endedAt) - Date.parse(begunAt)) / 1000).toFixed(1);
