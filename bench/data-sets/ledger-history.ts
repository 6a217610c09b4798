import {
  EMPTY_STREAM,
  installPostgresEventStore,
  type SealedEvent,
  type StreamTail,
  sealEvents,
} from '@monteore/event-store';
import { DEFAULT_POLICY, derivedId, inputHashOf, isRefusal } from '@monteore/kernel';
import type pg from 'pg';
import { logWork } from '../../apps/ledger/dist/logging-work/decide.js';
import { openPackage } from '../../apps/ledger/dist/opening-a-package/decide.js';
import { evolve } from '../../apps/ledger/dist/package/evolve.js';
import { type PackageState, UNOPENED } from '../../apps/ledger/dist/package/state.js';
import {
  type PackageDecider,
  streamOfPackage,
} from '../../apps/ledger/dist/package-stream/package-streams.js';
import { reserveHours } from '../../apps/ledger/dist/reserving-hours/decide.js';
import { copyRows } from './copying.ts';

const TODAY = '2025-03-03';
const BEGUN_AT = Date.parse('2025-03-03T08:00:00.000Z');
const ACTOR = { subject: derivedId('person', 'referent'), role: 'referent' } as const;
const GRANTED_MINUTES = 600_000;
const ESTIMATE_MINUTES = 500_000;

/** What a work entry says in every data set and every measured command. */
export const entryOf = (activityId: string) => ({
  activityId,
  minutes: 1,
  performedOn: TODAY,
  performedById: ACTOR.subject,
  note: 'Aggiornato il modulo dei contatti e provato su due browser',
  unapprovedMultiplier: 1,
});

/** The envelope of a command, as a route makes it. */
export const envelopeFor = (commandId: string, input: unknown) => ({
  commandId,
  inputHash: inputHashOf(input),
  actor: ACTOR,
  correlationId: commandId,
});

/** One package by the ledger's own rules: opened, its one activity approved, then one work entry after another. */
export class PackageHistory {
  readonly packageId: string;
  readonly activityId: string;
  private readonly clientId: string;
  private state: PackageState = UNOPENED;
  private tail: StreamTail = EMPTY_STREAM;
  private commands = 0;

  constructor(name: string) {
    this.packageId = derivedId('package', name);
    this.clientId = derivedId('client', name);
    this.activityId = derivedId('activity', name);
  }

  /** `PackageOpened`, `LotAdded`, `HoursReserved`. */
  opened(): readonly SealedEvent[] {
    const { packageId, clientId, activityId } = this;
    const item = {
      activityId,
      version: 1,
      minutes: ESTIMATE_MINUTES,
      multiplier: 1,
      weightedMinutes: ESTIMATE_MINUTES,
      path: 'approved',
      reopens: false,
    } as const;
    const opening = {
      packageId,
      clientId,
      name: `Pacchetto ${packageId.slice(0, 8)}`,
      referentId: ACTOR.subject,
      policy: { ...DEFAULT_POLICY, thresholdsPercent: [] },
      agreedActivities: [],
    };
    return [
      ...this.decide((state, context) =>
        openPackage(state, context, { opening, firstLot: { minutes: GRANTED_MINUTES } }),
      ),
      ...this.decide((state, context) =>
        reserveHours(state, context, {
          reservationId: derivedId('reservation', packageId),
          items: [item],
          whenLacking: 'wait',
        }),
      ),
    ];
  }

  /** The one event `WorkCharged`. */
  worked(): readonly SealedEvent[] {
    return this.decide((state, context) => logWork(state, context, entryOf(this.activityId)));
  }

  private decide(decider: PackageDecider): readonly SealedEvent[] {
    this.commands += 1;
    const commandId = derivedId('command', this.packageId, String(this.commands));
    const now = new Date(BEGUN_AT + this.commands * 1000).toISOString();
    const decided = decider(this.state, { now, today: TODAY, commandId, actor: ACTOR });
    if (isRefusal(decided)) throw new Error(`${decided.code}: ${decided.detail}`);
    for (const event of decided) this.state = evolve(this.state, event, ACTOR.subject);
    const events = decided.map(({ type, data, stamp, occurredOn }, index) => ({
      eventId: derivedId('event', commandId, String(index)),
      type,
      schemaVersion: 1,
      data: { ...data, stamp } as unknown as SealedEvent['data'],
      occurredOn,
      metadata: envelopeFor(commandId, { commandId }),
    }));
    const { sealed, tail } = sealEvents(streamOfPackage(this.packageId), this.tail, now, events);
    this.tail = tail;
    return sealed;
  }
}

/** So many events of so many packages, one entry of each in turn, as they come in a busy agency. */
export function* ledgerEvents(packages: readonly PackageHistory[], count: number): Generator<SealedEvent> {
  let made = 0;
  for (const one of packages) {
    for (const event of one.opened()) {
      yield event;
      made += 1;
    }
  }
  for (let turn = 0; made < count; turn += 1) {
    for (const event of packages[turn % packages.length]!.worked()) {
      yield event;
      made += 1;
    }
  }
}

export const histories = (count: number, name = 'history'): PackageHistory[] =>
  Array.from({ length: count }, (_, index) => new PackageHistory(`${name} ${index}`));

export const EVENT_COLUMNS = [
  'position',
  'event_id',
  'version',
  'schema_version',
  'stream_id',
  'type',
  'occurred_on',
  'recorded_at',
  'data',
  'metadata',
  'previous_hash',
  'hash',
] as const;

/** An event as the row that the postgres driver keeps. */
export const rowOf = (event: SealedEvent, position: number) => [
  position,
  event.eventId,
  event.version,
  event.schemaVersion,
  event.streamId,
  event.type,
  event.occurredOn,
  event.recordedAt,
  JSON.stringify(event.data),
  JSON.stringify(event.metadata),
  event.previousHash,
  event.hash,
];

/** Makes an event store in `schema` that holds these events, at the positions 1, 2, 3 … */
export async function fillEventStore(
  client: pg.Client,
  schema: string,
  events: Iterable<SealedEvent>,
): Promise<void> {
  await installPostgresEventStore(client, schema);
  await copyRows(client, `${schema}.events`, EVENT_COLUMNS, rowsOf(events));
  await client.query(`VACUUM ANALYZE ${schema}.events`);
}

function* rowsOf(events: Iterable<SealedEvent>) {
  let position = 0;
  for (const event of events) {
    position += 1;
    yield rowOf(event, position);
  }
}
