import { type ISocketFactory, Kafka, logLevel, type SASLOptions } from 'kafkajs';
import type { Consumption, Message, Messaging, PartitionEnds, Subscriber } from '../port.js';
import { TopicConsumer } from './consuming.js';
import { mendKafkajs } from './mending-kafkajs.js';
import { KafkaPublisher } from './publishing.js';
import { KafkaTopics } from './topics.js';

export interface KafkaMessagingOptions {
  /** `host:port` of some brokers of the cluster; the others are learnt from them. */
  readonly brokers: readonly string[];
  /** Names this program in the broker's logs and quotas. */
  readonly clientId: string;
  readonly sasl?: SASLOptions;
  /** True: TLS with the system's authorities; or with those given, as PEM. Default false. */
  readonly ssl?: boolean | { readonly ca: readonly string[] };
  /** Opens the connections, where they do not go straight to the broker: through a tunnel, for instance. */
  readonly socketFactory?: ISocketFactory;
}

const CONNECT_MILLISECONDS = 2000;
/** A request the broker leaves unanswered for so long counts as lost. Those that may take longer say so themselves. */
const REQUEST_MILLISECONDS = 5000;

/** The messaging port over Kafka, through kafkajs: where services run apart. ADR 0013 says what is mended here. */
export function createKafkaMessaging(options: KafkaMessagingOptions): Messaging {
  return new KafkaMessaging(options);
}

class KafkaMessaging implements Messaging {
  private readonly kafka: Kafka;
  private readonly publisher: KafkaPublisher;
  private readonly topics: KafkaTopics;
  private readonly running = new Set<Consumption>();

  constructor({ brokers, clientId, sasl, ssl, socketFactory }: KafkaMessagingOptions) {
    mendKafkajs();
    this.kafka = new Kafka({
      brokers: [...brokers],
      clientId,
      connectionTimeout: CONNECT_MILLISECONDS,
      requestTimeout: REQUEST_MILLISECONDS,
      // What fails is told to the caller or to `onError`.
      logLevel: logLevel.NOTHING,
      retry: { retries: 1, initialRetryTime: 100 },
      ...(sasl === undefined ? {} : { sasl }),
      ...(ssl === undefined ? {} : { ssl: typeof ssl === 'boolean' ? ssl : { ca: [...ssl.ca] } }),
      ...(socketFactory === undefined ? {} : { socketFactory }),
    });
    this.publisher = new KafkaPublisher(this.kafka);
    this.topics = new KafkaTopics(this.kafka);
  }

  ensureTopics(topics: readonly { readonly name: string; readonly compacted: boolean }[]): Promise<void> {
    return this.topics.ensure(topics);
  }

  endOffsets(topic: string): Promise<readonly PartitionEnds[]> {
    return this.topics.endOffsets(topic);
  }

  publish(topic: string, messages: readonly Message[]): Promise<void> {
    return this.publisher.publish(topic, messages);
  }

  /** One consumer a topic, so that one that is missing or slow keeps no other waiting. */
  consume({ topics, ...options }: Parameters<Subscriber['consume']>[0]): Promise<Consumption> {
    const consumers = topics.map((topic) => new TopicConsumer(this.kafka, topic, options));
    const consumption: Consumption = {
      stop: async () => {
        await Promise.all(consumers.map((consumer) => consumer.stop()));
        this.running.delete(consumption);
      },
    };
    this.running.add(consumption);
    return Promise.resolve(consumption);
  }

  async close(): Promise<void> {
    await Promise.all([...this.running].map((consumption) => consumption.stop()));
    await this.publisher.close();
  }
}
