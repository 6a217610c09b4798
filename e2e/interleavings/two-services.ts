import { eventsTopicOf } from '@monteore/contracts';
import { estimationService } from '@monteore/estimation';
import { ledgerService } from '@monteore/ledger';
import type { Message } from '@monteore/messaging';
import type { ServiceDefinition } from '@monteore/service';
import { StartedService } from '@monteore/service/testing';
import { eventually, type TestDatabase, testDatabase } from '@monteore/testing';

/** A service over a database of its own, so that nothing of what it tells reaches another one by itself. */
class Side {
  private next = 0n;
  private carried = 0n;

  private constructor(
    readonly service: StartedService,
    readonly definition: ServiceDefinition,
    private readonly database: TestDatabase,
  ) {}

  static async start(definition: ServiceDefinition): Promise<Side> {
    const database = await testDatabase();
    const service = await StartedService.start({ definition, databaseUrl: database.url });
    return new Side(service, definition, database);
  }

  async stop(): Promise<void> {
    await this.service.stop();
    await this.database.drop();
  }

  get topic(): string {
    return eventsTopicOf(this.definition.name);
  }

  /** What it has recorded, oldest first. */
  async recorded() {
    const { events } = await this.service.service.core.store.readAll(0n, { limit: 10_000 });
    return events;
  }

  /** What it has told since it was asked last; all that it has recorded so far is told by then. */
  async told(): Promise<Message[]> {
    const isPublic = (await this.recorded()).filter((event) => this.definition.publish(event) !== null);
    const last = isPublic.at(-1)?.position ?? 0n;
    const fresh: Message[] = [];
    const consumption = await this.service.messaging.consume({
      group: 'carried by hand',
      topics: [this.topic],
      startAt: async () => this.next,
      handle: async ({ deliveries }) => {
        fresh.push(...deliveries.map(({ message }) => message));
        this.next = deliveries.at(-1)!.offset + 1n;
        this.carried = deliveries.at(-1)!.message.position;
      },
    });
    await eventually(() => this.carried >= last, 'everything recorded to be told');
    await consumption.stop();
    return fresh;
  }
}

/** Ledger and estimation as they run. What one tells reaches the other when the test says so, and not before. */
export class TwoServices {
  private constructor(
    readonly ledger: Side,
    readonly estimation: Side,
  ) {}

  static async start(): Promise<TwoServices> {
    return new TwoServices(await Side.start(ledgerService), await Side.start(estimationService));
  }

  async stop(): Promise<void> {
    await this.ledger.stop();
    await this.estimation.stop();
  }

  /** Brings the ledger all that estimation has told; resolves with its types when the ledger has acted on it. */
  toLedger(): Promise<string[]> {
    return carry(this.estimation, this.ledger);
  }

  toEstimation(): Promise<string[]> {
    return carry(this.ledger, this.estimation);
  }
}

async function carry(from: Side, to: Side): Promise<string[]> {
  const { topic } = from;
  const fresh = await from.told();
  await to.service.publish(...fresh.map((message) => ({ topic, message })));
  return fresh.map(({ type }) => type);
}
