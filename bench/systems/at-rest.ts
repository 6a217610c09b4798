import { eventually } from '@monteore/testing';
import type pg from 'pg';
import { withClient } from './postgres.ts';
import type { System } from './system.ts';

const FOLLOWERS = ['ledger', 'estimation', 'intake', 'reporting'] as const;
const LIMIT_MILLISECONDS = 300_000;

/**
 * Resolves when every service has taken the ledger's newest event of each package and nothing is due: what one
 * measurement leaves to be done must not weigh on the next.
 */
export async function atRest({ databaseUrl }: Pick<System, 'databaseUrl'>): Promise<void> {
  await withClient(databaseUrl, async (client) => {
    await eventually(async () => (await leftToDo(client)) === 0, 'the system at rest', LIMIT_MILLISECONDS);
  });
}

/** SQL for the source of the ledger's events; that of the people it knows has a further word behind it. */
export const LEDGER_SOURCE =
  "(SELECT 'monteore.ledger/' || store_id FROM ledger_events.event_store ORDER BY generation DESC LIMIT 1)";

const behind = (service: string) => `
  SELECT count(*) FROM newest n
  LEFT JOIN ${service}.consumer_marks m ON m.key = n.key AND m.source = ${LEDGER_SOURCE}
  WHERE coalesce(m.position, 0) < n.position`;

const QUESTION = `
  WITH newest AS (
    SELECT data->'stamp'->>'clientId' AS key, max(position) AS position
    FROM ledger_events.events WHERE type = 'WorkCharged' GROUP BY 1)
  SELECT ${FOLLOWERS.map((service) => `(${behind(service)})`).join(' + ')}
    + (SELECT count(*) FROM ledger.due_things WHERE done_at IS NULL AND due_at <= now()) AS left_to_do`;

async function leftToDo(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ left_to_do: string }>(QUESTION);
  return Number(rows[0]!.left_to_do);
}
