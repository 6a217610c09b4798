import { readFile } from 'node:fs/promises';
import type { ServiceName } from '@monteore/contracts';
import { createKurrentEventStore, createPostgresEventStore, type EventStore } from '@monteore/event-store';
import { createKafkaMessaging, createPostgresMessaging, type Messaging } from '@monteore/messaging';
import type { EventStoreSettings, MessagingSettings } from './configuring/service-variables.js';

/** The event store that configuration chose. `onProblem` is told of outages, which it rides out by itself. */
export function eventStoreOf(
  service: ServiceName,
  settings: EventStoreSettings,
  databaseUrl: string,
  onProblem: (problem: string, error: unknown) => void,
): EventStore {
  if (settings.driver === 'kurrentdb')
    return createKurrentEventStore({ connectionString: settings.url, service, onProblem });
  return createPostgresEventStore({
    connectionString: databaseUrl,
    schema: `${service}_events`,
    maxConnections: 2,
    onProblem,
  });
}

/** The messaging that configuration chose. Throws Error when a file that it names cannot be read. */
export async function messagingFrom(service: ServiceName, settings: MessagingSettings): Promise<Messaging> {
  if (settings.driver === 'postgres')
    return createPostgresMessaging({ connectionString: settings.url, maxConnections: 1 });
  const { brokers, tls, sasl } = settings;
  return createKafkaMessaging({
    brokers,
    clientId: `monteore-${service}`,
    ...(tls === undefined ? {} : { ssl: await authorityOf(tls.caFile) }),
    ...(sasl === undefined ? {} : { sasl }),
  });
}

const authorityOf = async (caFile: string | undefined): Promise<true | { readonly ca: readonly [string] }> =>
  caFile === undefined ? true : { ca: [await readFile(caFile, 'utf8')] };
