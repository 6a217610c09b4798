import { localDateOf } from '@monteore/calendar';
import type { EventStore } from '@monteore/event-store';
import { derivedId, isRefusal, randomId, systemClock } from '@monteore/kernel';
import { logWork } from '../../apps/ledger/dist/logging-work/decide.js';
import { PackageStreams } from '../../apps/ledger/dist/package-stream/package-streams.js';
import { envelopeFor } from '../data-sets/ledger-history.ts';
import type { WorkedPackage } from '../systems/open-packages.ts';

/** The ledger's commands without HTTP, in this process: envelope, queue of the stream, decision, append. */
export class CommandPath {
  private readonly streams: PackageStreams;

  constructor(store: EventStore) {
    this.streams = new PackageStreams({ store, clock: systemClock });
  }

  /** One work entry. Throws Error when it is refused or recorded nothing. */
  async record({ packageId, activityId }: WorkedPackage): Promise<void> {
    const entry = {
      activityId,
      minutes: 1,
      performedOn: localDateOf(systemClock.now()),
      performedById: derivedId('person', 'sviluppo'),
      unapprovedMultiplier: 1,
    };
    const result = await this.streams.decide(packageId, envelopeFor(randomId(), entry), (state, context) =>
      logWork(state, context, entry),
    );
    if (isRefusal(result)) throw new Error(`${result.code}: ${result.detail}`);
    if (result.events.length === 0) throw new Error('the entry recorded nothing');
  }

  /** The package as a route looks at it before it gives a command. */
  async look({ packageId }: Pick<WorkedPackage, 'packageId'>): Promise<void> {
    await this.streams.loadOrThrow(packageId);
  }
}
