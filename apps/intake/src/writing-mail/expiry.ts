import { addDays, atLocalTime, daysBetween, localDateOf } from '@monteore/calendar';
import { derivedId } from '@monteore/kernel';
import type { SqlTransaction } from '@monteore/messaging';
import { type DueThing, scheduleDue } from '@monteore/service';
import { knownLot } from './copies.js';
import type { MailCause } from './models.js';

/** R13: an expiry is announced this many days before. */
const DAYS_BEFORE = [30, 7] as const;
const HOUR_OF_DAY = '09:00';

export const EXPIRY_NEAR = 'lot-expiry-near';

/** A timer for each announcement that still lies ahead when the lot is added. */
export async function scheduleExpiryNotices(
  tx: SqlTransaction,
  lotId: string,
  expiresOn: string,
  addedAt: string,
): Promise<void> {
  for (const days of DAYS_BEFORE) {
    const dueAt = atLocalTime(addDays(expiresOn, -days), HOUR_OF_DAY);
    if (dueAt > addedAt) await scheduleDue(tx, { kind: EXPIRY_NEAR, entityId: lotId, dueAt, data: { days } });
  }
}

/** What is told now: nothing of a lot that is used up, expired or of a closed package, nor what a later notice says as well. */
export async function expiryCause(
  { entityId: lotId, data }: DueThing,
  now: string,
  tx: SqlTransaction,
): Promise<MailCause | null> {
  const lot = await knownLot(tx, lotId);
  if (lot === null || lot.expiresOn === null || !lot.isOpen) return null;
  if (lot.freeMinutes + lot.heldMinutes <= 0) return null;
  const daysLeft = daysBetween(localDateOf(now), lot.expiresOn);
  const days = Number(data.days);
  if (daysLeft < 0 || DAYS_BEFORE.some((other) => other < days && daysLeft <= other)) return null;
  const rows = await tx.query<{ status: string }>('SELECT status FROM packages WHERE package_id = $1', [
    lot.packageId,
  ]);
  if (rows[0]?.status === 'closed') return null;
  return {
    causeEventId: derivedId('lot-expiry-near', lotId, String(days)),
    kind: 'expiry-near',
    audience: 'approvers-and-referent',
    packageId: lot.packageId,
    facts: { expiresOn: lot.expiresOn, freeMinutes: lot.freeMinutes, heldMinutes: lot.heldMinutes },
  };
}
