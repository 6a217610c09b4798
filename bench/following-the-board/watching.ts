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
const BETWEEN_STREAMS_MILLISECONDS = 100;

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
  ended.catch(() => {});
  return { progress, ended };
}

/** How often a stream had to be opened again. */
export interface WatchingEvents extends Watching {
  reopened(): number;
}

/** Reads the boards' server-sent events, one stream a board; one that ends is opened again, as a browser does. */
export function watchEvents(
  system: System,
  token: string,
  packages: readonly WorkedPackage[],
  signal: AbortSignal,
): WatchingEvents {
  const progress = new Progress('server-sent events');
  let opened = 0;
  const follow = async (packageId: string): Promise<void> => {
    let lastId: string | null = null;
    while (!signal.aborted) {
      opened += 1;
      const seen = (id: string) => {
        lastId = id;
        progress.seen(packageId, BigInt(id.split('.')[0]!));
      };
      await readEvents(
        `${system.urlOf('reporting')}/v1/boards/${packageId}/events`,
        token,
        lastId,
        signal,
        seen,
      )
        // It is opened again, whatever ended it.
        .catch(() => {});
      if (!signal.aborted) await pause(BETWEEN_STREAMS_MILLISECONDS);
    }
  };
  const following = packages.map(({ packageId }) => follow(packageId));
  return {
    progress,
    ended: Promise.all(following).then(() => {}),
    reopened: () => opened - packages.length,
  };
}

/** Calls `seen` with the id of each event, `<ledger>.<estimation>.<statement>`, until the stream ends. */
async function readEvents(
  url: string,
  token: string,
  lastId: string | null,
  signal: AbortSignal,
  seen: (id: string) => void,
): Promise<void> {
  const headers = {
    authorization: `Bearer ${token}`,
    ...(lastId === null ? {} : { 'last-event-id': lastId }),
  };
  const { status, body } = await fetch(url, { headers, signal });
  if (status !== 200) throw new Error(`the board's events were answered ${status}`);
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body!) {
    text += decoder.decode(chunk, { stream: true });
    const events = text.split('\n\n');
    text = events.pop()!;
    for (const event of events) {
      const id = /^id: (\S+)$/m.exec(event)?.[1];
      if (id !== undefined) seen(id);
    }
  }
}
