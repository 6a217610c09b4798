import { Kafka, logLevel } from 'kafkajs';

export interface RawRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Record<string, Buffer | string | (Buffer | string)[] | undefined>;
}

/** The topics as the broker has them, for who wants to see or write what no service would. */
export class LogOfKafka {
  private readonly kafka: Kafka;

  constructor(brokers: readonly string[]) {
    this.kafka = new Kafka({ brokers: [...brokers], clientId: 'faults', logLevel: logLevel.NOTHING });
  }

  /** Every record of a topic so far. */
  async read(topic: string): Promise<RawRecord[]> {
    const admin = this.kafka.admin();
    await admin.connect();
    const ends = await admin.fetchTopicOffsets(topic);
    await admin.disconnect();
    const open = new Map(
      ends.filter(({ high }) => high !== '0').map(({ partition, high }) => [partition, BigInt(high)]),
    );
    const records: RawRecord[] = [];
    if (open.size === 0) return records;
    const consumer = this.kafka.consumer({ groupId: `monteore-faults-${process.pid}-${performance.now()}` });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      void consumer
        .run({
          autoCommit: false,
          eachMessage: async ({ partition, message }) => {
            const end = open.get(partition);
            if (end === undefined || BigInt(message.offset) >= end) return;
            records.push({ key: message.key, value: message.value, headers: message.headers ?? {} });
            if (BigInt(message.offset) + 1n >= end) open.delete(partition);
            if (open.size === 0) resolve();
          },
        })
        .catch(reject);
    });
    await consumer.disconnect();
    return records;
  }

  async write(topic: string, records: readonly RawRecord[]): Promise<void> {
    const producer = this.kafka.producer();
    await producer.connect();
    for (let index = 0; index < records.length; index += 100)
      await producer.send({
        topic,
        acks: -1,
        messages: records.slice(index, index + 100).map((record) => ({ ...record })),
      });
    await producer.disconnect();
  }
}
