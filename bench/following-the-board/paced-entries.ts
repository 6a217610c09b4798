import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { workBody, workPath } from '../recording-work/rest-load.ts';
import type { WorkedPackage } from '../systems/open-packages.ts';
import type { System } from '../systems/system.ts';

export const ENTRIES_PER_SECOND = 50;
const POSITION = 'monteore-position';

/** An entry that the ledger has acknowledged. */
export interface Acknowledged {
  readonly place: number;
  readonly packageId: string;
  /** The answer's `Monteore-Position`, and the position of the ledger in it. */
  readonly header: string;
  readonly position: bigint;
  /** When it was acknowledged, by `performance.now()`. */
  readonly since: number;
}

/** Work entries through REST at a steady pace. */
export class PacedEntries {
  /** How often an entry was not taken at once. */
  busyAnswers = 0;
  private readonly system: System;
  private readonly authorization: string;

  constructor(system: System, token: string) {
    this.system = system;
    this.authorization = `Bearer ${token}`;
  }

  /** Calls `then` with each as soon as it is acknowledged, whether or not those before are done; resolves when all are. */
  async record(
    packages: readonly WorkedPackage[],
    seconds: number,
    then: (entry: Acknowledged) => Promise<void>,
  ): Promise<void> {
    const begun = performance.now();
    const running: Promise<void>[] = [];
    for (let place = 0; place < seconds * ENTRIES_PER_SECOND; place += 1) {
      const due = begun + (place * 1000) / ENTRIES_PER_SECOND;
      await pause(Math.max(0, due - performance.now()));
      const one = this.recordOne(packages[place % packages.length]!, place).then(then);
      one.catch(() => {});
      running.push(one);
    }
    await Promise.all(running);
  }

  /** Milliseconds until a read that carries the entry's position was answered: it is, once the board shows the entry. */
  async readBack({ packageId, header, since }: Acknowledged): Promise<number> {
    const headers = { authorization: this.authorization, [POSITION]: header };
    for (;;) {
      const answer = await fetch(`${this.system.urlOf('reporting')}/v1/boards/${packageId}`, { headers });
      await answer.arrayBuffer();
      if (answer.status === 200) return performance.now() - since;
      if (answer.status !== 503) throw new Error(`the board answered ${answer.status}`);
    }
  }

  /** Until it is taken: a busy ledger answers 503, and the entry is sent again under its key. */
  private async recordOne(one: WorkedPackage, place: number): Promise<Acknowledged> {
    const key = randomUUID();
    for (;;) {
      const answer = await fetch(`${this.system.urlOf('ledger')}${workPath(one)}`, {
        method: 'POST',
        headers: {
          authorization: this.authorization,
          'content-type': 'application/json',
          'idempotency-key': key,
        },
        body: workBody(one),
      });
      const since = performance.now();
      const text = await answer.text();
      if (answer.status === 201) return { place, packageId: one.packageId, since, ...positionIn(answer) };
      if (answer.status !== 503) throw new Error(`the entry was answered ${answer.status}: ${text}`);
      this.busyAnswers += 1;
    }
  }
}

function positionIn({ headers }: Response): Pick<Acknowledged, 'header' | 'position'> {
  const header = headers.get(POSITION)!;
  const [, , position] = JSON.parse(Buffer.from(header, 'base64url').toString()) as string[];
  return { header, position: BigInt(position!) };
}
