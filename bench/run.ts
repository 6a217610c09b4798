import { spawnSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import type { Measuring, Section } from './measuring/section.ts';
import type { Figure, Machine, SectionResult } from './results/figure.ts';
import { durabilityOf } from './systems/postgres.ts';
import { type System, startCluster, startEmbedded } from './systems/system.ts';

export interface RunOptions {
  readonly quick: boolean;
  readonly repetitions: number;
  readonly say: (line: string) => void;
}

const STARTERS = { embedded: startEmbedded, cluster: startCluster } as const;

/** Measures sections one after another, and keeps a system running for as long as the next section measures it too. */
export class Run {
  private running: { readonly kind: string; readonly system: System } | null = null;
  private readonly undo: (() => Promise<unknown>)[] = [];
  private readonly options: RunOptions;

  constructor(options: RunOptions) {
    this.options = options;
  }

  /** Throws what the section throws, or Error when it takes too long; what it started is stopped in either case. */
  async measure(section: Section): Promise<SectionResult> {
    const { quick, say } = this.options;
    const durability: string[] = [];
    const measuring = this.measuringFor(durability);
    const loadBefore = loadavg()[0]!;
    const measuredAt = new Date().toISOString();
    const begun = performance.now();
    try {
      const figures = await withinMinutes(section.limitMinutes, this.figuresOf(section, measuring));
      const seconds = Math.round((performance.now() - begun) / 1000);
      const { key, title } = section;
      const loadAfter = loadavg()[0]!;
      const commit = currentCommit();
      const surroundings = {
        machine: thisMachine(),
        measuredAt,
        commit,
        quick,
        loadBefore,
        loadAfter,
        seconds,
      };
      return { key, title, figures, durability, ...surroundings };
    } finally {
      await this.undoAll();
      for (const line of durability) say(`  ${line}`);
    }
  }

  /** Stops the system that is kept, unless the next section measures it too. */
  async release(next?: Section): Promise<void> {
    if (this.running === null || this.running.kind === next?.needs) return;
    const { system } = this.running;
    this.running = null;
    await system.stop();
  }

  /** At a signal. */
  async stop(): Promise<void> {
    await this.undoAll();
    await this.release();
  }

  private async figuresOf(section: Section, measuring: Measuring): Promise<readonly Figure[]> {
    if (section.needs === 'nothing' || section.needs === 'kafka') return section.measure(measuring);
    if (this.running === null) {
      this.options.say('  starting the system …');
      this.running = { kind: section.needs, system: await STARTERS[section.needs]() };
    }
    return section.measure(measuring, this.running.system);
  }

  private measuringFor(durability: string[]): Measuring {
    const { quick, repetitions, say } = this.options;
    return {
      quick,
      repetitions,
      size: (full, small) => (quick ? small : full),
      say: (line) => say(`  ${line}`),
      atEnd: (undo) => void this.undo.push(undo),
      demandDurable: async (databaseUrl, whose) => {
        durability.push(`${whose}: ${await durabilityOf(databaseUrl)}`);
      },
    };
  }

  private async undoAll(): Promise<void> {
    while (this.undo.length > 0) {
      const undo = this.undo.pop()!;
      await undo().catch((error: Error) => this.options.say(`  ${error.message}`));
    }
  }
}

async function withinMinutes<T>(minutes: number, work: Promise<T>): Promise<T> {
  // What was given up may still fail, when what it used is stopped.
  work.catch(() => {});
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`given up after ${minutes} minutes`)), minutes * 60_000);
  });
  try {
    return await Promise.race([work, tooLong]);
  } finally {
    clearTimeout(timer);
  }
}

function currentCommit(): string {
  const run = spawnSync('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  });
  return run.status === 0 ? run.stdout.trim() : 'unknown';
}

function thisMachine(): Machine {
  const all = cpus();
  return {
    processors: all.length,
    model: all[0]?.model.trim() ?? 'unknown',
    memoryGiB: totalmem() / 1024 ** 3,
    system: `${type()} ${release()}`,
    node: process.versions.node,
  };
}
