import { eventsTopicOf, peopleTopicOf, type ServiceName } from '@monteore/contracts';
import { formToday, newerForm, oldestForm } from '@monteore/contracts/testing';
import { type Clock, derivedId, type Json } from '@monteore/kernel';
import type { Message } from '@monteore/messaging';
import { type TestDatabase, testDatabase } from '@monteore/testing';
import pg from 'pg';
import { ROLE_TODAY } from './effects.js';
import { type Answer, StartedService } from './started-service.js';

type Facts = Readonly<Record<string, unknown>>;

/** Three ways to tell the same: as today, as a later release may, and as the one that promised it first. */
export type EventForm = 'today' | 'newer' | 'oldest';

export const LATER_TYPE = 'ToldByALaterRelease';

const INSTANT = '2026-11-24T08:00:00.000Z';
/** No two runs differ by when they ran. */
const STANDING: Clock = { now: () => INSTANT };

export interface FedConsumerOptions {
  readonly definition: Parameters<typeof StartedService.start>[0]['definition'];
  /** What members of these names hold, at every depth of every message that is not told with others. */
  readonly values: Facts;
}

/** One service over a database of its own, to which all that others say is told in one form. */
export class FedConsumer {
  /** The types told so far, by topic. */
  readonly told = new Map<string, Set<string>>();
  private readonly positions = new Map<string, bigint>();

  private constructor(
    readonly started: StartedService,
    private readonly database: TestDatabase,
    private readonly form: EventForm,
    private readonly values: Facts,
    private readonly owner: pg.Client,
  ) {}

  static async start(form: EventForm, { definition, values }: FedConsumerOptions): Promise<FedConsumer> {
    const database = await testDatabase();
    const started = await StartedService.start({ definition, databaseUrl: database.url, clock: STANDING });
    const owner = new pg.Client({ connectionString: database.url });
    await owner.connect();
    const consumer = new FedConsumer(started, database, form, values, owner);
    await consumer.acceptSources();
    return consumer;
  }

  async stop(): Promise<void> {
    await this.owner.end();
    await this.started.stop();
    await this.database.drop();
  }

  /** An event of another service, in the form of this run; resolves when its effects are committed. */
  tell(service: ServiceName, type: string, key: string, facts: object = {}): Promise<void> {
    return this.tellOn(eventsTopicOf(service), type, key, this.inForm(`${service}/${type}`, facts));
  }

  /** The same for what a service spreads of a person. */
  tellPerson(service: ServiceName, type: string, personId: string, facts: object = {}): Promise<void> {
    const data = this.inForm(`people/${type}`, { personId, ...facts });
    return this.tellOn(peopleTopicOf(service), type, personId, data);
  }

  /** A call of the service's own route, under a key that makes the same ids in every run; its answer's body. */
  async post(url: string, body: object): Promise<Answer['body']> {
    const headers = { 'idempotency-key': url };
    const token = this.started.token('administrator');
    const answer = await this.started.call('POST', url, { token, body, headers });
    if (answer.status >= 300) throw new Error(answer.text);
    return answer.body;
  }

  /**
   * In the newer form, a type that nobody knows on every consumed topic, twice; where it was told first, by topic.
   * In the others only their positions are left out, so that all runs tell the rest at the same ones.
   */
  async beginWithLaterTypes(key: string): Promise<ReadonlyMap<string, bigint>> {
    const firsts = this.topics.map((topic) => [topic, this.nextPosition(topic)] as const);
    for (const [topic, first] of firsts) {
      if (this.form !== 'newer') this.positions.set(topic, first + 1n);
      else for (const nth of [1, 2]) await this.publish(topic, LATER_TYPE, key, { nth });
    }
    return new Map(firsts);
  }

  private tellOn(topic: string, type: string, key: string, data: Facts): Promise<void> {
    this.told.set(topic, (this.told.get(topic) ?? new Set()).add(type));
    return this.publish(topic, type, key, data);
  }

  private get topics(): readonly string[] {
    return [...this.started.service.inbox.consumedTypes().keys()];
  }

  private inForm(name: string, facts: object): Facts {
    const today = formToday(name, { role: ROLE_TODAY, ...this.values, ...facts });
    if (this.form === 'newer') return newerForm(name, today);
    return this.form === 'oldest' ? oldestForm(name, today) : today;
  }

  private nextPosition(topic: string): bigint {
    return (this.positions.get(topic) ?? 0n) + 1n;
  }

  private async publish(topic: string, type: string, key: string, data: Facts): Promise<void> {
    const position = this.nextPosition(topic);
    this.positions.set(topic, position);
    const id = derivedId('told', topic, position.toString());
    const message: Message = {
      id,
      source: sourceOn(topic),
      type,
      key,
      position,
      time: INSTANT,
      data: data as Message['data'],
      correlationId: id,
    };
    if (this.form === 'newer') await this.publishNewer(topic, message);
    else await this.started.messaging.publish(topic, [message]);
    if (!(await this.started.service.inbox.waitFor(message, 15_000)))
      throw new Error(`${topic} ${type} was not consumed: ${await this.whyNot(topic)}`);
  }

  /** With attributes of CloudEvents that no release has written so far, and so past the driver that writes them. */
  private async publishNewer(topic: string, { key, position, correlationId, ...message }: Message) {
    const event: Record<string, Json | undefined> = {
      ...message,
      specversion: '1.0',
      subject: key,
      partitionkey: key,
      position: position.toString(),
      correlationid: correlationId,
      datacontenttype: 'application/json',
      dataschema: 'https://monteore.example/schemas/later.json',
      sequencetype: 'Integer',
      sampledrate: 7,
      isofalaterrelease: true,
    };
    const isCompacted = topic.endsWith('.people.v1');
    const table = `messaging.${isCompacted ? 'latest' : 'log'}`;
    await this.owner.query(
      `INSERT INTO ${table} (topic, place, key, event)
       SELECT $1, (SELECT coalesce(max(place), 0) + 1 FROM ${table} WHERE topic = $1), $2, $3
       ${isCompacted ? 'ON CONFLICT (topic, key) DO UPDATE SET place = EXCLUDED.place, event = EXCLUDED.event' : ''}`,
      [topic, key, JSON.stringify(event)],
    );
    await this.owner.query("SELECT pg_notify('messaging_log', $1)", [topic]);
  }

  private async whyNot(topic: string): Promise<string> {
    const parked = await this.started.service.inbox.parked.list();
    return parked.find((each) => each.topic === topic)?.error ?? 'it is not parked either';
  }

  /** A topic that the service itself publishes on has its own source beside the test's. */
  private async acceptSources(): Promise<void> {
    const { inbox, core } = this.started.service;
    for (const topic of this.topics) {
      const own = topic.endsWith('.people.v1') ? `${core.source}/people` : core.source;
      for (const source of [sourceOn(topic), own]) await inbox.acceptSource(topic, source);
    }
  }
}

/** As a service names its own: people are told from a source beside that of events. */
export const sourceOn = (topic: string): string => {
  const [, service, kind] = topic.split('.');
  return `monteore.${service}/test${kind === 'people' ? '/people' : ''}`;
};
