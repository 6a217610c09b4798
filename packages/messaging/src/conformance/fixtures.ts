import { randomUUID } from 'node:crypto';
import type { Consumption, DeliveryBatch, Message, Messaging } from '../port.js';

/** A messaging system under test, over data of its own. */
export interface MessagingFixture {
  readonly messaging: Messaging;
  /** One more connection to the same system, as another process would open it. `destroy` closes it too. */
  reopen(): Promise<Messaging>;
  /** Takes the system away from `messaging`, and gives it back. */
  beginOutage(): Promise<void>;
  endOutage(): Promise<void>;
  destroy(): Promise<void>;
}

let position = 0n;

export function newMessage(key: string, data: Message['data'] = { minutes: 30 }): Message {
  position += 1n;
  return {
    id: randomUUID(),
    source: 'monteore.ledger/store',
    type: 'WorkCharged',
    key,
    position,
    time: '2026-03-02T09:00:00.000Z',
    data,
    correlationId: randomUUID(),
    causationId: randomUUID(),
    traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
  };
}

export const newMessages = (key: string, count: number): Message[] =>
  Array.from({ length: count }, () => newMessage(key));

export const newTopic = (): string => `monteore.spec-${randomUUID()}.events.v1`;

/** A group that keeps its own offsets, as a service does, and everything it was brought. */
export class Group {
  readonly messages: Message[] = [];
  readonly batches: { partition: number; offsets: bigint[] }[] = [];
  readonly errors: unknown[] = [];
  readonly next = new Map<number, bigint>();
  /** Called with each batch before it counts; what it throws is what the handler throws. */
  interfere: (batch: DeliveryBatch) => Promise<void> = async () => {};
  private readonly waiting: { count: number; resolve: () => void }[] = [];
  private consumption: Consumption | null = null;

  constructor(
    private readonly messaging: Messaging,
    private readonly topic: string,
  ) {}

  async start(): Promise<this> {
    this.consumption = await this.messaging.consume({
      group: `group-${randomUUID()}`,
      topics: [this.topic],
      startAt: async (_, partition) => this.next.get(partition) ?? 0n,
      handle: async (batch) => {
        await this.interfere(batch);
        this.take(batch);
      },
      onError: (error) => this.errors.push(error),
    });
    return this;
  }

  async stop(): Promise<void> {
    await this.consumption?.stop();
  }

  /** Resolves with the first `count` messages. */
  async first(count: number): Promise<readonly Message[]> {
    if (this.messages.length < count)
      await new Promise<void>((resolve) => this.waiting.push({ count, resolve }));
    return this.messages.slice(0, count);
  }

  private take({ partition, deliveries }: DeliveryBatch): void {
    this.batches.push({ partition, offsets: deliveries.map(({ offset }) => offset) });
    this.messages.push(...deliveries.map(({ message }) => message));
    this.next.set(partition, deliveries.at(-1)!.offset + 1n);
    for (const { count, resolve } of this.waiting) if (this.messages.length >= count) resolve();
  }
}
