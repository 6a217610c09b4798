import { eventsTopicOf } from '@monteore/contracts';
import type { SealedEvent } from '@monteore/event-store';
import { derivedId } from '@monteore/kernel';
import { type Message, type Publisher, sourceOf } from '@monteore/messaging';
import { publishLedgerEvent } from '../../apps/ledger/dist/publishing.js';
import { histories, ledgerEvents } from './ledger-history.ts';

export const LEDGER_TOPIC = eventsTopicOf('ledger');
const SOURCE = sourceOf('ledger', derivedId('store', 'bench'));
const AT_ONCE = 500;

/** So many public messages of the ledger as its relay makes them, of a hundred clients with a package each. */
export function* ledgerMessages(count: number): Generator<Message> {
  let position = 0n;
  for (const event of ledgerEvents(histories(100), count)) {
    position += 1n;
    yield messageOf(event, position);
  }
}

function messageOf(event: SealedEvent, position: bigint): Message {
  const form = publishLedgerEvent({ ...event, position });
  if (form === null) throw new Error(`${event.type} is not published`);
  return {
    id: derivedId('message', event.eventId),
    source: SOURCE,
    type: form.type,
    key: form.key,
    position,
    time: event.recordedAt,
    data: form.data,
    correlationId: event.metadata.correlationId,
    causationId: event.eventId,
  };
}

/** Publishes them in order. */
export async function publishAll(publisher: Publisher, messages: Iterable<Message>): Promise<void> {
  let run: Message[] = [];
  for (const message of messages) {
    run.push(message);
    if (run.length < AT_ONCE) continue;
    await publisher.publish(LEDGER_TOPIC, run);
    run = [];
  }
  if (run.length > 0) await publisher.publish(LEDGER_TOPIC, run);
}
