import { eventsTopicOf, type ServiceName } from '@monteore/contracts';
import type { Messaging, Relay } from '@monteore/messaging';
import { Injectable } from '@nestjs/common';
import type { ServiceDatabase } from '../database/service-database.js';
import { messagesBehind, nextOffsetsOf, parkedKeysOf } from './behind.js';

/** What is asked how far the service has come. */
export interface Operated {
  readonly service: ServiceName;
  /** Consumed topics. */
  readonly topics: readonly string[];
  readonly database: ServiceDatabase;
  readonly messaging: Messaging;
  readonly relay: Relay;
}

/** The running parts of the service; they come to be after the routes. */
@Injectable()
export class ServiceParts {
  current!: Operated;
}

/** What a service has before it, as of now. */
export interface Lag {
  readonly service: ServiceName;
  /** Messages of each consumed topic that are not handled yet, and keys that wait behind one that failed. */
  readonly consumed: readonly {
    readonly topic: string;
    readonly messages: number;
    readonly parkedKeys: number;
  }[];
  /** Stored events that are not published yet, counted in positions; the relay stands at `checkpoint`. */
  readonly published: { readonly topic: string; readonly events: number; readonly checkpoint: string };
}

/**
 * What is before a service. Asked in the direction in which events travel, so that one which goes from one place to the
 * next meanwhile is counted twice rather than not at all.
 * Throws what the database, the broker or the store throws: half an answer would look like a small lag.
 */
export async function lagOf({ service, topics, database, messaging, relay }: Operated): Promise<Lag> {
  const events = await relay.lag();
  const checkpoint = await relay.checkpoint();
  const ends = await Promise.all(topics.map((topic) => messaging.endOffsets(topic)));
  const next = await nextOffsetsOf(database);
  const parked = await parkedKeysOf(database);
  const consumed = topics.map((topic, index) => ({
    topic,
    messages: messagesBehind(topic, ends[index]!, next),
    parkedKeys: parked.get(topic) ?? 0,
  }));
  return {
    service,
    consumed,
    published: {
      topic: eventsTopicOf(service),
      events: Number(events),
      checkpoint: checkpoint.toString(),
    },
  };
}
