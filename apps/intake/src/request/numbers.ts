import type { SqlTransaction } from '@monteore/messaging';

/** The next short number (R-1, R-2 …); a number that no request came to have is a gap. */
export async function nextRequestNumber(database: SqlTransaction): Promise<number> {
  const [row] = await database.query<{ number: string }>("SELECT nextval('request_numbers') AS number");
  return Number(row!.number);
}

/** R9: days on which the team of a package does not work, as of now; none without a package. */
export async function closingDaysOf(
  database: SqlTransaction,
  packageId: string | undefined,
): Promise<readonly string[]> {
  if (packageId === undefined) return [];
  const [row] = await database.query<{ days: string[] | null }>(
    "SELECT policy->'closingDays' AS days FROM packages WHERE package_id = $1",
    [packageId],
  );
  return row?.days ?? [];
}
