import type { SealedEvent, StoredEvent } from '@monteore/event-store';
import type { Actor, Json, Refusal } from '@monteore/kernel';

/** How the events of one kind of stream become a state. `evolve` is pure and trusts what it reads. */
export interface StreamFold<State> {
  readonly initial: State;
  evolve(state: State, event: SealedEvent): State;
}

/** An event as a decider makes it; its place, ids and hash come later. */
export interface DecidedEvent {
  readonly type: string;
  readonly schemaVersion?: number;
  readonly data: Readonly<Record<string, Json | undefined>>;
  readonly occurredOn: string;
}

export interface CommandEnvelope {
  /** The same id is the same command (architecture.md, first rule). */
  readonly commandId: string;
  readonly inputHash: string;
  readonly actor: Actor;
  readonly correlationId: string;
  readonly causationId?: string;
  readonly traceparent?: string;
}

/** What a decision appends: events of its own stream, and of new streams that it creates (their ids are derived). */
export interface StreamDecision {
  readonly events: readonly DecidedEvent[];
  readonly creates?: readonly { readonly streamId: string; readonly events: readonly DecidedEvent[] }[];
}

export interface StreamCommand<State> extends CommandEnvelope {
  readonly streamId: string;
  /** If-Match: the command is refused with 412 unless this is the stream's version. */
  readonly ifVersion?: number | undefined;
  /** Pure. May run several times: what it decided is forgotten when another instance was faster. */
  readonly decide: (state: State, now: string) => StreamDecision | Refusal;
}

export interface CommandResult<State> {
  /** The events this command made, now or the first time it was given; empty when there was nothing to do. */
  readonly events: readonly StoredEvent[];
  /** The state with them. */
  readonly state: State;
  /** True when the stream already remembered the command. */
  readonly repeated: boolean;
}
