import type { z } from 'zod';
import { estimationEvents } from './estimation.js';
import { identityEvents } from './identity.js';
import { intakeEvents } from './intake.js';
import { ledgerEvents } from './ledger.js';
import { peopleEvents } from './people.js';
import { reportingEvents } from './reporting.js';

/** Who publishes which integration events (architecture.md): public promises, only additive within v1. */
export const integrationEvents = {
  intake: intakeEvents,
  estimation: estimationEvents,
  ledger: ledgerEvents,
  reporting: reportingEvents,
  identity: identityEvents,
} as const;

export type PublishingService = keyof typeof integrationEvents;
export const SERVICES = ['intake', 'estimation', 'ledger', 'reporting', 'identity'] as const;
export type ServiceName = (typeof SERVICES)[number];

export const eventsTopicOf = (service: ServiceName): string => `monteore.${service}.events.v1`;
export const peopleTopicOf = (service: ServiceName): string => `monteore.${service}.people.v1`;

type SchemasOf<S extends PublishingService> = (typeof integrationEvents)[S];
export type EventTypeOf<S extends PublishingService> = keyof SchemasOf<S> & string;

/** The data of one integration event: `IntegrationEvent<'ledger', 'WorkCharged'>`. */
export type IntegrationEvent<S extends PublishingService, T extends EventTypeOf<S>> = z.output<
  Extract<SchemasOf<S>[T], z.ZodType>
>;

export { type ActivitySnapshot, zActivitySnapshot } from './estimation.js';
export { type RequestSnapshot, zRequestSnapshot } from './intake.js';
export type { PersonKnown } from './people.js';
export { estimationEvents, identityEvents, intakeEvents, ledgerEvents, peopleEvents, reportingEvents };
