import { localDateOf } from '@monteore/calendar';
import type { SealedEvent } from '@monteore/event-store';
import { isRefusal, type Json, type Refusal, RefusalError } from '@monteore/kernel';
import type { DecidedEvent, ServiceCore } from '@monteore/service';
import {
  type CommandEnvelope,
  type CommandResult,
  type StreamDecision,
  StreamRuntime,
} from '@monteore/service';
import { type Decision, unknownPackage } from '../package/decide.js';
import type { PackageEvent, RecordedPackageEvent, Stamp } from '../package/events.js';
import { evolve } from '../package/evolve.js';
import type { DecisionContext } from '../package/record.js';
import { type Package, type PackageState, UNOPENED } from '../package/state.js';

export const streamOfPackage = (packageId: string): string => `package-${packageId}`;

/** A stored event of a package, as it was recorded: its facts, and the stamp with the balances after it. */
export function packageEventOf(event: SealedEvent): PackageEvent & { stamp: Stamp } {
  const { stamp, ...data } = event.data as unknown as { stamp: Stamp };
  return { type: event.type, data, stamp } as unknown as PackageEvent & { stamp: Stamp };
}

const asDecided = ({ type, data, stamp, occurredOn }: RecordedPackageEvent): DecidedEvent => ({
  type,
  data: { ...data, stamp } as unknown as Record<string, Json>,
  occurredOn,
});

export type PackageDecider = (state: PackageState, context: DecisionContext) => Decision | Refusal;

/** The streams of packages: one each, folded and cached, commands in order. */
export class PackageStreams {
  private readonly runtime: StreamRuntime<PackageState>;

  constructor(core: Pick<ServiceCore, 'store' | 'clock'>) {
    this.runtime = new StreamRuntime<PackageState>({
      store: core.store,
      clock: core.clock,
      fold: {
        initial: UNOPENED,
        evolve: (state, event) => evolve(state, packageEventOf(event), event.metadata.actor.subject),
      },
    });
  }

  /** Decides and appends. Answers a refusal as a value. */
  async decide(
    packageId: string,
    envelope: CommandEnvelope & { readonly ifVersion?: number | undefined },
    decider: PackageDecider,
  ): Promise<CommandResult<PackageState> | Refusal> {
    return this.runtime.execute({
      ...envelope,
      streamId: streamOfPackage(packageId),
      decide: (state, now): StreamDecision | Refusal => {
        const context = {
          now,
          today: localDateOf(now),
          commandId: envelope.commandId,
          actor: envelope.actor,
        };
        const decision = decider(state, context);
        return isRefusal(decision) ? decision : { events: decision.map(asDecided) };
      },
    });
  }

  /** The same for callers that answer by throwing. */
  async decideOrThrow(...given: Parameters<PackageStreams['decide']>): Promise<CommandResult<PackageState>> {
    const result = await this.decide(...given);
    if (isRefusal(result)) throw new RefusalError(result);
    return result;
  }

  /** The package as of the last acknowledged command, with its version; null when it was never opened. */
  async load(packageId: string): Promise<{ readonly package: Package; readonly version: number } | null> {
    const { state, version } = await this.runtime.load(streamOfPackage(packageId));
    return state.status === 'unopened' ? null : { package: state, version };
  }

  async loadOrThrow(packageId: string): Promise<{ readonly package: Package; readonly version: number }> {
    const loaded = await this.load(packageId);
    if (loaded === null) throw new RefusalError(unknownPackage());
    return loaded;
  }
}
