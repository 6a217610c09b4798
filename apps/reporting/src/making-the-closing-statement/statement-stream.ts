import type { IntegrationEvent } from '@monteore/contracts';
import type { StoredEvent } from '@monteore/event-store';
import { derivedId, inputHashOf, isRefusal, type Json, SYSTEM_ACTOR } from '@monteore/kernel';
import type { PublicForm } from '@monteore/messaging';
import { type ServiceCore, type StreamDecision, StreamRuntime } from '@monteore/service';

export type StatementFacts = IntegrationEvent<'reporting', 'ClosingStatementMade'>;

export const STATEMENT_STREAM_PREFIX = 'statements-';

/** What a package's stream of statements says: one was made, or none. */
export type StatementState = { readonly made: StatementFacts } | { readonly made: null };

export const NOTHING_MADE: StatementState = { made: null };

/** R14: exactly one statement a package; whoever comes second has nothing to do. Pure. */
export function decideStatement(
  state: StatementState,
  facts: StatementFacts,
  closedOn: string,
): StreamDecision {
  if (state.made !== null) return { events: [] };
  return {
    events: [
      { type: 'ClosingStatementMade', data: facts as unknown as Record<string, Json>, occurredOn: closedOn },
    ],
  };
}

/** The streams of statements: one a package, `statements-<packageId>`. */
export class StatementStreams {
  private readonly runtime: StreamRuntime<StatementState>;

  constructor(core: Pick<ServiceCore, 'store' | 'clock'>) {
    this.runtime = new StreamRuntime<StatementState>({
      store: core.store,
      clock: core.clock,
      fold: {
        initial: NOTHING_MADE,
        evolve: (_state, event) => ({ made: event.data as unknown as StatementFacts }),
      },
    });
  }

  async isMade(packageId: string): Promise<boolean> {
    const { state } = await this.runtime.load(STATEMENT_STREAM_PREFIX + packageId);
    return state.made !== null;
  }

  /** Records the statement under a command that derives from the package, so that a repeat is one. */
  async record(facts: StatementFacts, closedOn: string): Promise<void> {
    const { packageId } = facts;
    const commandId = derivedId('closing-statement', packageId);
    const result = await this.runtime.execute({
      commandId,
      inputHash: inputHashOf(packageId),
      actor: SYSTEM_ACTOR,
      correlationId: commandId,
      streamId: STATEMENT_STREAM_PREFIX + packageId,
      decide: (state) => decideStatement(state, facts, closedOn),
    });
    if (isRefusal(result)) throw new Error(`${result.code}: ${result.detail}`);
  }
}

/** The statement as the others see it: the file by its hash. */
export const publishStatement = (event: StoredEvent): PublicForm => ({
  type: event.type,
  key: String(event.data.clientId),
  data: event.data,
});
