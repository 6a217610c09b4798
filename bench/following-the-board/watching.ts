import { setTimeout as pause } from 'node:timers/promises';
import type { WorkedPackage } from '../systems/open-packages.ts';
import { withClient } from '../systems/postgres.ts';
import type { System } from '../systems/system.ts';
import { Progress } from './progress.ts';

/** Somebody who looks at boards until the signal. */
export interface Watching {
  readonly progress: Progress;
  readonly ended: Promise<void>;
}

const BETWEEN_LOOKS_MILLISECONDS = 5;

/** Looks at the boards' rows themselves: one small query every few milliseconds, on a connection beside the service's. */
export function watchRows(
  { databaseUrl }: System,
  packages: readonly WorkedPackage[],
  signal: AbortSignal,
): Watching {
  const progress = new Progress('rows');
  const packageIds = packages.map(({ packageId }) => packageId);
  const look = {
    name: 'look',
    text: 'SELECT package_id, position FROM reporting.package_ledger WHERE package_id = ANY ($1)',
    values: [packageIds],
  };
  const ended = withClient(databaseUrl, async (client) => {
    while (!signal.aborted) {
      const { rows } = await client.query<{ package_id: string; position: string }>(look);
      for (const row of rows) progress.seen(row.package_id, BigInt(row.position));
      await pause(BETWEEN_LOOKS_MILLISECONDS);
    }
  });
  return { progress, ended };
}

/** Reads the boards' server-sent events, one stream a board. */
export async function watchEvents(
  system: System,
  token: string,
  packages: readonly WorkedPackage[],
  signal: AbortSignal,
): Promise<Watching> {
  const progress = new Progress('server-sent events');
  const following: Promise<void>[] = [];
  for (const { packageId } of packages) {
    const answer = await fetch(`${system.urlOf('reporting')}/v1/boards/${packageId}/events`, {
      headers: { authorization: `Bearer ${token}` },
      signal,
    });
    if (answer.status !== 200) throw new Error(`the board's events were answered ${answer.status}`);
    following.push(follow(answer.body!, (position) => progress.seen(packageId, position)));
  }
  return { progress, ended: Promise.allSettled(following).then(() => {}) };
}

/** The ledger's part of each id: `<ledger>.<estimation>.<statement>`. */
async function follow(body: ReadableStream<Uint8Array>, seen: (position: bigint) => void): Promise<void> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    const events = text.split('\n\n');
    text = events.pop()!;
    for (const event of events) {
      const ledger = /^id: (\d+)\./m.exec(event)?.[1];
      if (ledger !== undefined) seen(BigInt(ledger));
    }
  }
}
