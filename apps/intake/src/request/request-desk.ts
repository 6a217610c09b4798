import type { StoredEvent } from '@monteore/event-store';
import { isRefusal, type Refusal, RefusalError } from '@monteore/kernel';
import {
  type Caller,
  type CommandResult,
  envelopeOf,
  eventually,
  notFound,
  type PackageCopy,
  type Principal,
  type ServiceCore,
  type StreamDecision,
  tellPosition,
} from '@monteore/service';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { CORE } from '../tokens.js';
import { type RequestEvent, streamOfRequest } from './events.js';
import type { Request, RequestState } from './state.js';
import { asDecided, IntakeStreams, requestEventOf } from './streams.js';
import { maySee } from './visible.js';

/** A decision on a request; `created` are new requests with their first event. */
export interface RequestDecision {
  readonly events: readonly RequestEvent[];
  readonly created?: readonly RequestEvent[];
}

/** What the routes on one request share: who may see it, giving the command, telling the answer's position. */
@Injectable()
export class RequestDesk {
  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(IntakeStreams) private readonly streams: IntakeStreams,
  ) {}

  /** The request, when the caller may know of it. Unknown and foreign ids take the same path. */
  async see(principal: Principal, requestId: string): Promise<{ request: Request; version: number }> {
    const { state, version } = await this.streams.requests.load(streamOfRequest(requestId));
    if (state.status === 'unknown' || !(await maySee(this.core, principal, state))) {
      throw notFound('intake', 'request');
    }
    return { request: state, version };
  }

  /** Gives a command; throws its refusal; tells the position of what it made. */
  async command(
    requestId: string,
    caller: Caller,
    input: unknown,
    reply: FastifyReply,
    decide: (state: RequestState, now: string) => RequestDecision | Refusal,
    onBehalfOf?: string,
  ): Promise<CommandResult<RequestState>> {
    const result = await this.streams.requests.execute({
      ...envelopeOf(caller, input, onBehalfOf),
      ifVersion: caller.ifVersion,
      streamId: streamOfRequest(requestId),
      decide: (state, now): StreamDecision | Refusal => {
        const decision = decide(state, now);
        return isRefusal(decision) ? decision : asStreamDecision(decision, now);
      },
    });
    if (isRefusal(result)) throw new RefusalError(result);
    tellPosition(reply, this.core.freshnessOf(await this.withCreated(result.events)));
    return result;
  }

  /** The package that a call names, as this service knows it; waits a moment for one that was just opened. */
  async packageOf(principal: Principal, packageId: string): Promise<PackageCopy> {
    const rights = await eventually(() => this.core.access.rightsOn(principal, packageId));
    if (rights === null) throw notFound('intake', 'package');
    return rights.package;
  }

  /** The command's events with those of the requests it made, which come after them in the store. */
  private async withCreated(events: readonly StoredEvent[]): Promise<readonly StoredEvent[]> {
    const created = events.flatMap((stored) => {
      const event = requestEventOf(stored);
      if (event.type === 'RequestSplit') return event.data.partIds;
      return event.type === 'ReplyMadeRequest' ? [event.data.requestId] : [];
    });
    const firsts = await Promise.all(
      created.map((requestId) => this.core.store.read(streamOfRequest(requestId), { limit: 1 })),
    );
    return [...events, ...firsts.flat()];
  }
}

export function asStreamDecision({ events, created = [] }: RequestDecision, now: string): StreamDecision {
  return {
    events: asDecided(events, now),
    creates: created.map((event) => ({
      streamId: streamOfRequest(createdIdOf(event)),
      events: asDecided([event], now),
    })),
  };
}

function createdIdOf(event: RequestEvent): string {
  if (event.type !== 'RequestReceived')
    throw new TypeError(`a request begins with its receipt, not ${event.type}`);
  return event.data.request.requestId;
}
