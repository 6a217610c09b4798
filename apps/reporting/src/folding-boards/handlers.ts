import { eventsTopicOf } from '@monteore/contracts';
import type { Message, MessageHandler, MessageHandlers } from '@monteore/messaging';
import { type ServiceTransaction, scheduleDue } from '@monteore/service';
import { applyChanges } from './apply-changes.js';
import { ESTIMATION_TYPES, foldEstimationEvent } from './fold-estimation.js';
import { foldIntakeEvent, INTAKE_TYPES } from './fold-intake.js';
import { foldLedgerEvent, LEDGER_TYPES } from './fold-ledger.js';
import type { RowChange } from './row-change.js';

/** Kinds of due things: a look whether the closing statement can be made, after each of the two last words. */
export const STATEMENT_LOOKS = {
  PackageClosed: 'statement-after-ledger',
  ActivitiesClosed: 'statement-after-estimation',
} as const;

type Fold = (message: Message) => readonly RowChange[];

/** What the boards are made of: every event of these types as rows, by topic. */
const BOARD_FOLDS: Readonly<Record<string, { readonly types: ReadonlySet<string>; readonly fold: Fold }>> = {
  [eventsTopicOf('ledger')]: { types: new Set(LEDGER_TYPES), fold: foldLedgerEvent },
  [eventsTopicOf('estimation')]: { types: new Set(ESTIMATION_TYPES), fold: foldEstimationEvent },
  [eventsTopicOf('intake')]: { types: new Set(INTAKE_TYPES), fold: foldIntakeEvent },
};

export const BOARD_TOPICS: readonly string[] = Object.keys(BOARD_FOLDS);

export const isFolded = (topic: string, type: string): boolean =>
  BOARD_FOLDS[topic]?.types.has(type) === true;

/** The rows of one message; none for a type that is not folded. Pure. */
export const foldMessage = (topic: string, message: Message): readonly RowChange[] =>
  isFolded(topic, message.type) ? BOARD_FOLDS[topic]!.fold(message) : [];

/** Every event as rows, in the transaction that writes the mark. */
export const boardHandlers: MessageHandlers<ServiceTransaction> = Object.fromEntries(
  Object.entries(BOARD_FOLDS).map(([topic, { types, fold }]) => [topic, handlersOf([...types], fold)]),
);

function handlersOf(
  types: readonly string[],
  fold: Fold,
): Record<string, MessageHandler<ServiceTransaction>> {
  const projectAll = async (messages: readonly Message[], tx: ServiceTransaction) => {
    await applyChanges(tx, messages.flatMap(fold));
    for (const message of messages) await scheduleStatement(message, tx);
  };
  return Object.fromEntries(types.map((type) => [type, { projectAll }]));
}

/**
 * R14: the statement needs the ledger's last word and estimation's, which come in either order and may be committed at
 * the same moment. Each schedules a look of its own, so that the later of the two finds both.
 */
async function scheduleStatement({ type, time, data }: Message, tx: ServiceTransaction): Promise<void> {
  if (type !== 'PackageClosed' && type !== 'ActivitiesClosed') return;
  await scheduleDue(tx, { kind: STATEMENT_LOOKS[type], entityId: String(data.packageId), dueAt: time });
}
