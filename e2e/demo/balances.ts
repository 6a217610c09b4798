import { eventually } from '@monteore/testing';
import type { Parsed, RestClient } from '../harness/rest-client.ts';

/** R1: the four balances of a package, in minutes. */
export interface FourBalances {
  readonly posted: number;
  readonly held: number;
  readonly available: number;
  readonly pending: number;
}

/** As the board shows them. */
export async function boardBalances(rest: RestClient, packageId: string): Promise<FourBalances> {
  const { balances } = await rest.must(rest.get(`/reporting/v1/boards/${packageId}`));
  return {
    posted: balances.postedMinutes,
    held: balances.heldMinutes,
    available: balances.availableMinutes,
    pending: balances.pendingMinutes,
  };
}

/** Counted anew: the first three from the deltas of every ledger entry, pending from estimation's activities. */
export async function recountedBalances(rest: RestClient, packageId: string): Promise<FourBalances> {
  const entries = await rest.all<Parsed>(`/ledger/v1/packages/${packageId}/entries`);
  const activities = await rest.all<Parsed>(`/estimation/v1/activities?packageId=${packageId}`);
  const posted = sum(entries.map((entry) => entry.postedDeltaMinutes));
  const held = sum(entries.map((entry) => entry.heldDeltaMinutes));
  const waiting = activities.filter(({ state }) => state === 'waiting-for-decision');
  const pending = sum(waiting.map(({ estimate }) => estimate.weightedMinutes));
  return { posted, held, available: posted - held, pending };
}

export interface BalanceCheck {
  readonly board: FourBalances;
  readonly recounted: FourBalances;
  readonly expected: FourBalances;
  readonly agrees: boolean;
}

/** Compares the three counts, giving the board the time to follow; answers the last comparison when they never agree. */
export async function checkBalances(
  rest: RestClient,
  packageId: string,
  expected: FourBalances,
  limitMilliseconds = 10_000,
): Promise<BalanceCheck> {
  let last: BalanceCheck | undefined;
  const compare = async () => {
    const [board, recounted] = await Promise.all([
      boardBalances(rest, packageId),
      recountedBalances(rest, packageId),
    ]);
    const agrees = isSame(board, expected) && isSame(recounted, expected);
    last = { board, recounted, expected, agrees };
    return agrees;
  };
  await eventually(compare, 'equal balances', limitMilliseconds).catch((error: unknown) => {
    if (last === undefined) throw error;
  });
  return last!;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const isSame = (one: FourBalances, other: FourBalances): boolean =>
  one.posted === other.posted &&
  one.held === other.held &&
  one.available === other.available &&
  one.pending === other.pending;
