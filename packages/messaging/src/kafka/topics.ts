import { setTimeout as pause } from 'node:timers/promises';
import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import { asTransient, isTransient } from '../errors.js';
import { type PartitionEnds, TransientError } from '../port.js';
import { disconnect, within } from './mending-kafkajs.js';

/** Fixed at creation: with another count the same key would go to another partition, and its order be lost. */
const PARTITIONS = 24;
/** What the publisher may send at once, with room for what Kafka writes around it; also Kafka's own default. */
const LARGEST_BATCH_BYTES = 1_048_588;

const PATIENCE_MILLISECONDS = 15_000;
/** Longer than kafkajs needs to give up by itself; making the topics of a service is one question. */
const QUESTION_MILLISECONDS = 30_000;

/** Setting up topics and measuring them: rare, so each call has a connection of its own and none grows stale. */
export class KafkaTopics {
  constructor(private readonly kafka: Kafka) {}

  /** Throws when a topic has settings by which messages could be lost or lose their order. */
  async ensure(topics: readonly { readonly name: string; readonly compacted: boolean }[]): Promise<void> {
    if (topics.length === 0) return;
    await this.ask(async (admin) => {
      const existing = new Set(await admin.listTopics());
      const missing = topics.filter(({ name }) => !existing.has(name));
      if (missing.length > 0)
        await admin.createTopics({ topics: missing.map(newTopic), waitForLeaders: true });
      const names = topics.map(({ name }) => name);
      const { topics: found } = await admin.fetchTopicMetadata({ topics: names });
      if (found.some(({ partitions }) => partitions.some(({ leader }) => leader < 0)))
        throw new TransientError('a partition has no leader yet');
      // Named as a leader, a broker may for a moment not know it yet and refuse what is published: whether it does is
      // what asking it for its offsets shows.
      await Promise.all(names.map((name) => admin.fetchTopicOffsets(name)));
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: names.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
      });
      for (const { name, compacted } of topics) {
        const partitions = found.find((topic) => topic.name === name)?.partitions.length ?? 0;
        const entries = resources.find(({ resourceName }) => resourceName === name)?.configEntries ?? [];
        const faults = faultsOf(
          compacted,
          partitions,
          new Map(entries.map(({ configName, configValue }) => [configName, configValue])),
        );
        if (faults.length > 0)
          throw new Error(`topic ${name} exists with other settings: ${faults.join(', ')}`);
      }
    });
  }

  async endOffsets(topic: string): Promise<PartitionEnds[]> {
    const offsets = await this.ask((admin) => admin.fetchTopicOffsets(topic));
    return offsets
      .map(({ partition, low, high }) => ({ partition, first: BigInt(low), next: BigInt(high) }))
      .sort((one, other) => one.partition - other.partition);
  }

  /** Asked again for a while: a broker forgets, for a moment, the topic it has just made. */
  private async ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    const end = performance.now() + PATIENCE_MILLISECONDS;
    for (let wait = 100; ; wait = Math.min(wait * 2, 1000)) {
      try {
        return await this.askOnce(question);
      } catch (error) {
        if (!isTransient(error) || performance.now() + wait > end) throw asTransient(error);
        await pause(wait);
      }
    }
  }

  private async askOnce<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = this.kafka.admin();
    try {
      const asking = admin.connect().then(() => question(admin));
      return await within(QUESTION_MILLISECONDS, asking, 'asking about topics');
    } finally {
      await disconnect(admin);
    }
  }
}

const policyOf = (compacted: boolean) => (compacted ? 'compact' : 'delete');

const newTopic = ({ name, compacted }: { name: string; compacted: boolean }) => ({
  topic: name,
  numPartitions: PARTITIONS,
  configEntries: [
    { name: 'cleanup.policy', value: policyOf(compacted) },
    { name: 'retention.ms', value: '-1' },
    { name: 'retention.bytes', value: '-1' },
    { name: 'max.message.bytes', value: String(LARGEST_BATCH_BYTES) },
  ],
});

function faultsOf(compacted: boolean, partitions: number, settings: ReadonlyMap<string, string>): string[] {
  const faults: string[] = [];
  if (partitions !== PARTITIONS) faults.push(`it has ${partitions} partitions instead of ${PARTITIONS}`);
  for (const [name, wanted] of [
    ['cleanup.policy', policyOf(compacted)],
    ['retention.ms', '-1'],
    ['retention.bytes', '-1'],
  ] as const) {
    const value = settings.get(name);
    if (value !== wanted) faults.push(`${name} is ${value} instead of ${wanted}`);
  }
  const largest = Number(settings.get('max.message.bytes'));
  if (!(largest >= LARGEST_BATCH_BYTES))
    faults.push(`max.message.bytes is ${largest}, less than ${LARGEST_BATCH_BYTES}`);
  return faults;
}
