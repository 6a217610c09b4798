import { type Kafka, Partitioners, type Producer } from 'kafkajs';
import { encodeMessage } from '../cloud-event.js';
import { asTransient } from '../errors.js';
import type { Message } from '../port.js';
import { disconnect, within } from './mending-kafkajs.js';

interface Encoded {
  readonly key: string;
  readonly value: string;
  readonly sizeBytes: number;
}

interface Publication {
  readonly topic: string;
  readonly messages: readonly Encoded[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A producer, and whether it has been connected. */
interface Link {
  readonly producer: Producer;
  isUp: boolean;
}

/** Longer than connecting, sending and one repeat of each take until kafkajs gives up by itself. */
const SEND_MILLISECONDS = 30_000;

/** Kafka refuses a batch of one partition over 1 MiB, and nobody knows before how the keys fall. */
const BYTES_AT_ONCE = 512 * 1024;
/** What Kafka writes around each message, amply. */
const OVERHEAD_BYTES = 200;

/** CloudEvents' Kafka binding, structured mode: the whole event is the value. */
const HEADERS = { 'content-type': 'application/cloudevents+json; charset=UTF-8' };

/**
 * Publishes one batch after another: a batch that is repeated inside kafkajs would otherwise be overtaken. A producer
 * with a failure behind it is thrown away, because kafkajs would give the sequence numbers of what failed to the next
 * batch, and a broker that had stored the first would drop the second as its repeat.
 */
export class KafkaPublisher {
  private waiting: Publication[] = [];
  private sending: Promise<void> | null = null;
  private link: Link | null = null;

  constructor(private readonly kafka: Kafka) {}

  async publish(topic: string, messages: readonly Message[]): Promise<void> {
    if (messages.length === 0) return;
    const encoded = messages.map((message) => {
      const value = encodeMessage(message);
      return { key: message.key, value, sizeBytes: Buffer.byteLength(value) + OVERHEAD_BYTES };
    });
    return new Promise((resolve, reject) => {
      this.waiting.push({ topic, messages: encoded, resolve, reject });
      this.sending ??= this.sendWaiting();
    });
  }

  async close(): Promise<void> {
    await this.sending;
    await this.discard();
  }

  /** Takes all that waits; what comes meanwhile shares the next round. Never rejects. */
  private async sendWaiting(): Promise<void> {
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const round = this.waiting;
      this.waiting = [];
      for (const [topic, publications] of Map.groupBy(round, (publication) => publication.topic))
        await this.sendAll(topic, publications);
    }
    this.sending = null;
  }

  private async sendAll(topic: string, publications: readonly Publication[]): Promise<void> {
    try {
      for (const part of parts(publications.flatMap(({ messages }) => messages)))
        await this.send(topic, part);
      for (const { resolve } of publications) resolve();
    } catch (error) {
      for (const { reject } of publications) reject(asTransient(error));
    }
  }

  private async send(topic: string, messages: readonly Encoded[]): Promise<void> {
    this.link ??= { producer: this.newProducer(), isUp: false };
    try {
      await within(SEND_MILLISECONDS, this.sendOver(this.link, topic, messages), 'publishing');
    } catch (error) {
      await this.discard();
      throw error;
    }
  }

  private async sendOver(link: Link, topic: string, messages: readonly Encoded[]): Promise<void> {
    if (!link.isUp) {
      await link.producer.connect();
      link.isUp = true;
    }
    // Nobody waits any more: it came up after it had been given up.
    if (this.link !== link) return disconnect(link.producer);
    await link.producer.send({
      topic,
      acks: -1,
      messages: messages.map(({ key, value }) => ({ key, value, headers: HEADERS })),
    });
  }

  private newProducer(): Producer {
    return this.kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      retry: { retries: 1, initialRetryTime: 100 },
    });
  }

  private async discard(): Promise<void> {
    const { link } = this;
    this.link = null;
    if (link !== null) await disconnect(link.producer);
  }
}

/** In order, each as large as Kafka surely takes. */
function parts(messages: readonly Encoded[]): Encoded[][] {
  const cut: Encoded[][] = [[]];
  let sizeBytes = 0;
  for (const message of messages) {
    if (sizeBytes > 0 && sizeBytes + message.sizeBytes > BYTES_AT_ONCE) {
      cut.push([]);
      sizeBytes = 0;
    }
    cut.at(-1)!.push(message);
    sizeBytes += message.sizeBytes;
  }
  return cut;
}
