import { localDateOf } from '@monteore/calendar';
import autocannon, { type Request } from 'autocannon';
import type { WorkedPackage } from '../systems/open-packages.ts';
import type { System } from '../systems/system.ts';

const ANSWER_SECONDS = 30;

export interface RestLoad {
  readonly entries: number;
  readonly connections: number;
}

export interface LoadAnswer {
  readonly recorded: number;
  /** Answered 503: too busy just then. Whether one of them was recorded all the same is not known. */
  readonly busy: number;
  /** Recorded ones. */
  readonly entriesPerSecond: number;
  readonly medianMilliseconds: number;
  readonly p99Milliseconds: number;
}

/** A work entry of one minute as REST takes it. */
export const workBody = ({ activityId }: WorkedPackage): string =>
  JSON.stringify({
    activityId,
    minutes: 1,
    performedOn: localDateOf(new Date().toISOString()),
    performedBy: 'sviluppo@agenzia.example',
  });

export const workPath = ({ packageId }: WorkedPackage): string => `/v1/packages/${packageId}/work-entries`;

/**
 * Records work through REST over so many connections, each with one request under way, spread over the packages.
 * Throws Error when an entry got neither 201 nor 503.
 */
export async function loadThroughRest(
  system: System,
  token: string,
  packages: readonly WorkedPackage[],
  { entries, connections }: RestLoad,
): Promise<LoadAnswer> {
  const base = new URL(system.urlOf('ledger'));
  const prefix = base.pathname === '/' ? '' : base.pathname;
  const requests = packages.map(
    (one): Request => ({
      method: 'POST',
      path: `${prefix}${workPath(one)}`,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: workBody(one),
    }),
  );
  let clients = 0;
  const begun = performance.now();
  const result = await autocannon({
    url: base.origin,
    connections,
    amount: entries,
    timeout: ANSWER_SECONDS,
    requests,
    // Each connection begins elsewhere, or they would all be at the same package.
    setupClient: (client) => {
      const first = Math.floor((clients * requests.length) / connections) % requests.length;
      clients += 1;
      client.setRequests([...requests.slice(first), ...requests.slice(0, first)]);
    },
  });
  const seconds = (performance.now() - begun) / 1000;
  const recorded = result.statusCodeStats['201']?.count ?? 0;
  const busy = result.statusCodeStats['503']?.count ?? 0;
  if (recorded + busy !== entries || result.errors > 0)
    throw new Error(
      `of ${entries} entries ${recorded} were recorded: ${JSON.stringify(result.statusCodeStats)}, ${result.errors} errors`,
    );
  return {
    recorded,
    busy,
    entriesPerSecond: recorded / seconds,
    medianMilliseconds: result.latency.p50,
    p99Milliseconds: result.latency.p99,
  };
}
