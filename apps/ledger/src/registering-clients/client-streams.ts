import { localDateOf } from '@monteore/calendar';
import type { Json } from '@monteore/kernel';
import { isRefusal, type Refusal, RefusalError } from '@monteore/kernel';
import { type CommandEnvelope, type CommandResult, type ServiceCore, StreamRuntime } from '@monteore/service';
import { type ClientEvent, type ClientState, evolveClient, UNREGISTERED } from '../client/client.js';

export const streamOfClient = (clientId: string): string => `client-${clientId}`;

/** The streams of clients: one each. */
export class ClientStreams {
  private readonly runtime: StreamRuntime<ClientState>;

  constructor(core: Pick<ServiceCore, 'store' | 'clock'>) {
    this.runtime = new StreamRuntime<ClientState>({
      store: core.store,
      clock: core.clock,
      fold: {
        initial: UNREGISTERED,
        evolve: (state, event) => evolveClient(state, event as unknown as ClientEvent),
      },
    });
  }

  /** Decides and appends. Throws RefusalError. */
  async decideOrThrow(
    clientId: string,
    envelope: CommandEnvelope & { readonly ifVersion?: number | undefined },
    decide: (state: ClientState) => readonly ClientEvent[] | Refusal,
  ): Promise<CommandResult<ClientState>> {
    const result = await this.runtime.execute({
      ...envelope,
      streamId: streamOfClient(clientId),
      decide: (state, now) => {
        const decided = decide(state);
        if (isRefusal(decided)) return decided;
        const occurredOn = localDateOf(now);
        return {
          events: decided.map(({ type, data }) => ({
            type,
            data: data as unknown as Record<string, Json>,
            occurredOn,
          })),
        };
      },
    });
    if (isRefusal(result)) throw new RefusalError(result);
    return result;
  }

  /** The client as of the last acknowledged command; null when there is none. */
  async load(clientId: string): Promise<{ readonly client: ClientState; readonly version: number } | null> {
    const { state, version } = await this.runtime.load(streamOfClient(clientId));
    return state.clientId === undefined ? null : { client: state, version };
  }
}
