import {
  AppendTooLargeError,
  EMPTY_STREAM,
  type EventStore,
  type NewEvent,
  type SealedEvent,
  type StoredEvent,
  type StreamAppend,
  type StreamTail,
  sealEvents,
} from '@monteore/event-store';
import {
  type Clock,
  derivedId,
  PersistentMap,
  type Refusal,
  refuse,
  UnavailableError,
} from '@monteore/kernel';
import { MAX_MESSAGE_BYTES } from '@monteore/messaging';
import { activeTraceparent } from '../tracing/trace-context.js';
import type {
  CommandResult,
  DecidedEvent,
  StreamCommand,
  StreamDecision,
  StreamFold,
} from './stream-command.js';

export interface StreamRuntimeOptions<State> {
  readonly store: EventStore;
  readonly clock: Clock;
  readonly fold: StreamFold<State>;
  /** Streams kept folded in memory; the least recently used go first. */
  readonly cachedStreams?: number;
  readonly queueLimit?: number;
  readonly conflictRetries?: number;
}

interface Remembered {
  readonly inputHash: string;
  readonly from: number;
  readonly to: number;
}

/** A stream folded up to some version, with the commands it remembers. Immutable, so a failed batch is simply dropped. */
interface Snapshot<State> {
  readonly state: State;
  readonly tail: StreamTail;
  readonly commands: PersistentMap<string, Remembered>;
}

interface Waiting<State> {
  readonly command: StreamCommand<State>;
  readonly resolve: (result: CommandResult<State> | Refusal) => void;
  readonly reject: (error: unknown) => void;
}

interface Lane<State> {
  snapshot: Snapshot<State> | null;
  readonly queue: Waiting<State>[];
  running: boolean;
  /** The load that is reading now, and the one after it, which all share who asked meanwhile. */
  loading: Promise<unknown>;
  nextLoad: Promise<Snapshot<State>> | null;
}

const BATCH = 64;
const PAGE = 1000;
/** What would not fit a public message (with its envelope) is refused: once recorded it could never be told. */
const MAX_EVENT_BYTES = MAX_MESSAGE_BYTES - 8 * 1024;

/**
 * Runs the commands of each stream one after another, several in one commit, each deciding on the state that
 * includes the events before it in the same batch. Nothing is answered before the commit, and no refusal before the
 * stream's tail is known to be the one decided on.
 */
export class StreamRuntime<State> {
  private readonly lanes = new Map<string, Lane<State>>();
  private readonly cachedStreams: number;
  private readonly queueLimit: number;
  private readonly conflictRetries: number;

  constructor(private readonly options: StreamRuntimeOptions<State>) {
    this.cachedStreams = options.cachedStreams ?? 1000;
    this.queueLimit = options.queueLimit ?? 2000;
    this.conflictRetries = options.conflictRetries ?? 8;
  }

  /** Carries out a command. Throws UnavailableError when the store is away or a conflict does not settle. */
  execute(command: StreamCommand<State>): Promise<CommandResult<State> | Refusal> {
    const lane = this.laneOf(command.streamId);
    if (lane.queue.length >= this.queueLimit) {
      return Promise.reject(new UnavailableError('service.busy', 'too many commands wait for this stream'));
    }
    const traceparent = activeTraceparent() ?? command.traceparent;
    const traced = traceparent === undefined ? command : { ...command, traceparent };
    return new Promise((resolve, reject) => {
      lane.queue.push({ command: traced, resolve, reject });
      if (!lane.running) void this.run(command.streamId, lane);
    });
  }

  /** The stream's state, never older than the last acknowledged command of any instance. */
  async load(streamId: string): Promise<{ readonly state: State; readonly version: number }> {
    const { state, tail } = await this.sharedLoad(streamId, this.laneOf(streamId));
    return { state, version: tail.version };
  }

  /** A load that has begun may have read too early for whoever asks now; the next one has not, and serves them all. */
  private sharedLoad(streamId: string, lane: Lane<State>): Promise<Snapshot<State>> {
    lane.nextLoad ??= lane.loading.then(() => {
      lane.nextLoad = null;
      const load = this.loadNow(streamId, lane);
      lane.loading = load.catch(() => {});
      return load;
    });
    return lane.nextLoad;
  }

  private async loadNow(streamId: string, lane: Lane<State>): Promise<Snapshot<State>> {
    const snapshot = await this.refresh(streamId, lane.snapshot);
    const isNewer = snapshot.tail.version >= (lane.snapshot?.tail.version ?? 0);
    if (!lane.running && isNewer) lane.snapshot = snapshot;
    return snapshot;
  }

  private laneOf(streamId: string): Lane<State> {
    const known = this.lanes.get(streamId);
    const lane = known ?? {
      snapshot: null,
      queue: [],
      running: false,
      loading: Promise.resolve(),
      nextLoad: null,
    };
    this.lanes.delete(streamId);
    this.lanes.set(streamId, lane);
    if (this.lanes.size > this.cachedStreams) this.forgetOldest();
    return lane;
  }

  private forgetOldest(): void {
    for (const [streamId, lane] of this.lanes) {
      if (this.lanes.size <= this.cachedStreams) return;
      if (!lane.running && lane.queue.length === 0) this.lanes.delete(streamId);
    }
  }

  private async run(streamId: string, lane: Lane<State>): Promise<void> {
    lane.running = true;
    // A tick later, so that commands given together share the first commit.
    await Promise.resolve();
    while (lane.queue.length > 0) await this.runBatch(streamId, lane, lane.queue.splice(0, BATCH));
    lane.running = false;
  }

  private async runBatch(
    streamId: string,
    lane: Lane<State>,
    batch: readonly Waiting<State>[],
  ): Promise<void> {
    try {
      await this.carryOut(streamId, lane, batch);
    } catch (error) {
      lane.snapshot = null;
      if (error instanceof AppendTooLargeError && batch.length > 1) {
        // Together they are too much for one commit: as two batches, in the same order.
        const half = Math.ceil(batch.length / 2);
        await this.runBatch(streamId, lane, batch.slice(0, half));
        await this.runBatch(streamId, lane, batch.slice(half));
        return;
      }
      if (error instanceof AppendTooLargeError) return batch[0]!.resolve(tooMuchAtOnce());
      const failure =
        error instanceof Error && error.name === 'StoreUnavailableError'
          ? new UnavailableError('service.store-unavailable', 'the event store does not answer', 2, {
              cause: error,
            })
          : error;
      for (const waiting of batch) waiting.reject(failure);
    }
  }

  private async carryOut(
    streamId: string,
    lane: Lane<State>,
    batch: readonly Waiting<State>[],
  ): Promise<void> {
    for (let attempt = 0; attempt <= this.conflictRetries; attempt += 1) {
      const base = lane.snapshot ?? (await this.refresh(streamId, null));
      const attempted = this.decideBatch(streamId, base, batch);
      const current = await this.commit(streamId, base, attempted);
      if (current === null) {
        // The base is committed history all the same: only what came after it has to be read.
        lane.snapshot = await this.refresh(streamId, base);
        continue;
      }
      lane.snapshot = attempted.snapshot;
      await this.answer(streamId, batch, attempted, current);
      return;
    }
    throw new UnavailableError('service.conflict', 'other instances kept changing this stream; try again');
  }

  private decideBatch(
    streamId: string,
    base: Snapshot<State>,
    batch: readonly Waiting<State>[],
  ): Attempt<State> {
    const now = this.options.clock.now();
    const attempt: Attempt<State> = { snapshot: base, sealed: [], creates: [], answers: [] };
    for (const { command } of batch) attempt.answers.push(this.decideOne(streamId, command, attempt, now));
    return attempt;
  }

  private decideOne(
    streamId: string,
    command: StreamCommand<State>,
    attempt: Attempt<State>,
    now: string,
  ): Answer<State> {
    const remembered = attempt.snapshot.commands.get(command.commandId);
    if (remembered !== undefined) {
      if (remembered.inputHash !== command.inputHash) return { refusal: keyReused() };
      return { from: remembered.from, to: remembered.to, state: attempt.snapshot.state, repeated: true };
    }
    const { version } = attempt.snapshot.tail;
    if (command.ifVersion !== undefined && command.ifVersion !== version)
      return { refusal: changedMeanwhile(version) };
    let decision: StreamDecision | Refusal;
    try {
      decision = command.decide(attempt.snapshot.state, now);
    } catch (error) {
      return { error };
    }
    if ('refused' in decision) return { refusal: decision };
    if (everyEventOf(decision).some(isTooLarge)) return { refusal: tooMuchAtOnce() };
    const from = attempt.snapshot.tail.version + 1;
    const events = decision.events.map((event, index) => this.newEvent(command, event, String(index)));
    const { sealed } = sealEvents(streamId, attempt.snapshot.tail, now, events);
    for (const event of sealed) {
      attempt.snapshot = this.advance(attempt.snapshot, event);
      attempt.sealed.push(event);
    }
    for (const created of decision.creates ?? []) {
      const news = created.events.map((event, index) =>
        this.newEvent(command, event, `${created.streamId}/${index}`),
      );
      const { sealed: first } = sealEvents(created.streamId, EMPTY_STREAM, now, news);
      attempt.creates.push({ streamId: created.streamId, expectedVersion: 0, events: first });
    }
    return { from, to: from + sealed.length - 1, state: attempt.snapshot.state, repeated: false };
  }

  private newEvent(command: StreamCommand<State>, event: DecidedEvent, place: string): NewEvent {
    const { commandId, inputHash, actor, correlationId, causationId, traceparent } = command;
    return {
      eventId: derivedId('event', commandId, command.streamId, place, event.type),
      type: event.type,
      schemaVersion: event.schemaVersion ?? 1,
      data: event.data,
      occurredOn: event.occurredOn,
      metadata: {
        actor,
        commandId,
        inputHash,
        correlationId,
        ...(causationId === undefined ? {} : { causationId }),
        ...(traceparent === undefined ? {} : { traceparent }),
      },
    };
  }

  /** Answers the events appended (none when nothing had to be), or null when the base was not the stream's end. */
  private async commit(
    streamId: string,
    base: Snapshot<State>,
    attempt: Attempt<State>,
  ): Promise<readonly StoredEvent[] | null> {
    if (attempt.sealed.length === 0 && attempt.creates.length === 0) {
      const newer = await this.options.store.read(streamId, { fromVersion: base.tail.version + 1, limit: 1 });
      return newer.length === 0 ? [] : null;
    }
    const own: StreamAppend = { streamId, expectedVersion: base.tail.version, events: attempt.sealed };
    const appends = attempt.sealed.length === 0 ? attempt.creates : [own, ...attempt.creates];
    const outcome = await this.options.store.append(appends);
    if (!outcome.appended) return null;
    const positions = outcome.streams.find((stream) => stream.streamId === streamId)?.positions ?? [];
    return attempt.sealed.map((event, index) => ({ ...event, position: positions[index]! }));
  }

  private async answer(
    streamId: string,
    batch: readonly Waiting<State>[],
    attempt: Attempt<State>,
    appended: readonly StoredEvent[],
  ): Promise<void> {
    const firstAppended = appended[0]?.version ?? Number.POSITIVE_INFINITY;
    await Promise.all(
      batch.map(async ({ resolve, reject }, index) => {
        const answer = attempt.answers[index]!;
        if ('error' in answer) return reject(answer.error);
        if ('refusal' in answer) return resolve(answer.refusal);
        const { from, to, state, repeated } = answer;
        try {
          const events =
            from >= firstAppended
              ? appended.slice(from - firstAppended, to - firstAppended + 1)
              : to < from
                ? []
                : await this.options.store.read(streamId, { fromVersion: from, limit: to - from + 1 });
          resolve({ events, state, repeated });
        } catch (error) {
          reject(error);
        }
      }),
    );
  }

  private async refresh(streamId: string, known: Snapshot<State> | null): Promise<Snapshot<State>> {
    let snapshot: Snapshot<State> = known ?? {
      state: this.options.fold.initial,
      tail: EMPTY_STREAM,
      commands: PersistentMap.empty(),
    };
    for (;;) {
      const fromVersion = snapshot.tail.version + 1;
      const events = await this.options.store.read(streamId, { fromVersion, limit: PAGE });
      for (const event of events) snapshot = this.advance(snapshot, event);
      if (events.length < PAGE) return snapshot;
    }
  }

  private advance(snapshot: Snapshot<State>, event: SealedEvent): Snapshot<State> {
    const { commandId, inputHash } = event.metadata;
    const known = snapshot.commands.get(commandId);
    const remembered = { inputHash, from: known?.from ?? event.version, to: event.version };
    return {
      state: this.options.fold.evolve(snapshot.state, event),
      tail: { version: event.version, hash: event.hash, recordedAt: event.recordedAt },
      commands: snapshot.commands.with(commandId, remembered),
    };
  }
}

interface Attempt<State> {
  snapshot: Snapshot<State>;
  readonly sealed: SealedEvent[];
  readonly creates: StreamAppend[];
  readonly answers: Answer<State>[];
}

type Answer<State> =
  | { readonly from: number; readonly to: number; readonly state: State; readonly repeated: boolean }
  | { readonly refusal: Refusal }
  | { readonly error: unknown };

const everyEventOf = ({ events, creates = [] }: StreamDecision): readonly DecidedEvent[] => [
  ...events,
  ...creates.flatMap((created) => created.events),
];

const isTooLarge = ({ data }: DecidedEvent): boolean =>
  Buffer.byteLength(JSON.stringify(data)) > MAX_EVENT_BYTES;

const tooMuchAtOnce = (): Refusal =>
  refuse(
    422,
    'service.too-much-at-once',
    'More than one call can record',
    'What this call says, with all that it touches, is too large to be recorded at once: say it in fewer or shorter parts.',
  );

const keyReused = (): Refusal =>
  refuse(
    422,
    'service.idempotency-key-reused',
    'The key belongs to another request',
    'This Idempotency-Key was used before with a different body: use a new key for a new request.',
  );

const changedMeanwhile = (version: number): Refusal =>
  refuse(
    412,
    'service.changed-meanwhile',
    'Changed meanwhile',
    'What you looked at has changed since: read it again and decide anew.',
    { extra: { currentVersion: version } },
  );
