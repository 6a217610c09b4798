import { localDateOf } from '@monteore/calendar';
import { isRefusal, type Json, type Refusal, RefusalError } from '@monteore/kernel';
import { type CommandEnvelope, type CommandResult, type ServiceCore, StreamRuntime } from '@monteore/service';
import { evolvePerson, type PersonEvent, type PersonState, UNKNOWN } from '../person/person.js';

const streamOfPerson = (personId: string): string => `person-${personId}`;

/** The streams of the team's people: one each. */
export class PersonStreams {
  private readonly runtime: StreamRuntime<PersonState>;

  constructor(core: Pick<ServiceCore, 'store' | 'clock'>) {
    this.runtime = new StreamRuntime<PersonState>({
      store: core.store,
      clock: core.clock,
      fold: {
        initial: UNKNOWN,
        evolve: (state, event) => evolvePerson(state, event as unknown as PersonEvent),
      },
    });
  }

  /** Decides and appends. Throws RefusalError. */
  async decideOrThrow(
    personId: string,
    envelope: CommandEnvelope & { readonly ifVersion?: number | undefined },
    decide: (state: PersonState) => readonly PersonEvent[] | Refusal,
  ): Promise<CommandResult<PersonState>> {
    const result = await this.runtime.execute({
      ...envelope,
      streamId: streamOfPerson(personId),
      decide: (state, now) => {
        const decided = decide(state);
        if (isRefusal(decided)) return decided;
        const occurredOn = localDateOf(now);
        return {
          events: decided.map(({ type, data }) => ({ type, data: data as Record<string, Json>, occurredOn })),
        };
      },
    });
    if (isRefusal(result)) throw new RefusalError(result);
    return result;
  }

  /** The person as of the last acknowledged command; null when nobody was invited under this id. */
  async load(
    personId: string,
  ): Promise<{ readonly person: PersonState & { status: 'invited' }; readonly version: number } | null> {
    const { state, version } = await this.runtime.load(streamOfPerson(personId));
    return state.status === 'unknown' ? null : { person: state, version };
  }
}
