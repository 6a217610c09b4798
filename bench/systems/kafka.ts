import { createKafkaMessaging, type Messaging } from '@monteore/messaging';
import { startKafka } from '../../infra/kafka-local/kafka.mjs';
import { LEDGER_TOPIC } from '../data-sets/ledger-messages.ts';
import type { Measuring } from '../measuring/section.ts';

export interface BenchKafka {
  readonly brokers: readonly string[];
  readonly messaging: Messaging;
}

/** A broker of the section's own with the topics of the services, made as a service makes them. */
export async function startBenchKafka(
  measuring: Measuring,
  topics: readonly string[] = [LEDGER_TOPIC],
): Promise<BenchKafka> {
  const kafka = await startKafka();
  measuring.atEnd(() => kafka.stop());
  const messaging = createKafkaMessaging({ brokers: kafka.brokers, clientId: 'monteore-bench' });
  measuring.atEnd(() => messaging.close());
  await messaging.ensureTopics(topics.map((name) => ({ name, compacted: false })));
  return { brokers: kafka.brokers, messaging };
}
