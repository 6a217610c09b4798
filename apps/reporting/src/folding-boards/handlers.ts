import { eventsTopicOf } from '@monteore/contracts';
import type { Message, MessageHandler, MessageHandlers } from '@monteore/messaging';
import { type ServiceTransaction, scheduleDue } from '@monteore/service';
import { ESTIMATION_TYPES, foldEstimationEvent } from './fold-estimation.js';
import { foldIntakeEvent, INTAKE_TYPES } from './fold-intake.js';
import { foldLedgerEvent, LEDGER_TYPES } from './fold-ledger.js';
import { applyChanges, type RowChange } from './row-change.js';

/** Kinds of due things: a look whether the closing statement can be made, after each of the two last words. */
export const STATEMENT_LOOKS = {
  PackageClosed: 'statement-after-ledger',
  ActivitiesClosed: 'statement-after-estimation',
} as const;

/** What the boards are made of, by topic and type: every event as rows, in the transaction that writes the mark. */
export const boardHandlers: MessageHandlers<ServiceTransaction> = {
  [eventsTopicOf('ledger')]: handlersOf(LEDGER_TYPES, foldLedgerEvent),
  [eventsTopicOf('estimation')]: handlersOf(ESTIMATION_TYPES, foldEstimationEvent),
  [eventsTopicOf('intake')]: handlersOf(INTAKE_TYPES, foldIntakeEvent),
};

function handlersOf(
  types: readonly string[],
  fold: (message: Message) => readonly RowChange[],
): Record<string, MessageHandler<ServiceTransaction>> {
  const project = async (message: Message, tx: ServiceTransaction) => {
    await applyChanges(tx, fold(message));
    await scheduleStatement(message, tx);
  };
  return Object.fromEntries(types.map((type) => [type, { project }]));
}

/**
 * R14: the statement needs the ledger's last word and estimation's, which come in either order and may be committed at
 * the same moment. Each schedules a look of its own, so that the later of the two finds both.
 */
async function scheduleStatement({ type, time, data }: Message, tx: ServiceTransaction): Promise<void> {
  if (type !== 'PackageClosed' && type !== 'ActivitiesClosed') return;
  await scheduleDue(tx, { kind: STATEMENT_LOOKS[type], entityId: String(data.packageId), dueAt: time });
}
