import { derivedId, inputHashOf, RefusalError, randomId, refuse } from '@monteore/kernel';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { CommandEnvelope } from '../command-handling/stream-command.js';
import { type AuthenticatedRequest, actorOf, type Principal } from './principal.js';

/** What a route hands to a command beside its body. */
export interface Caller {
  readonly principal: Principal;
  readonly correlationId: string;
  /** The id of this call: derived from the Idempotency-Key, or made up where there is none (architecture.md). */
  readonly commandId: string;
  /** The version named in If-Match. */
  readonly ifVersion?: number;
}

const KEY = /^[\x21-\x7e]{1,255}$/;

/** Who calls, and the command id of the call. */
export const CallerOf = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
  return callerOf(request, request.principal!);
});

/** The same for routes whose proof is a link: the principal comes from it. */
export function callerOf(request: AuthenticatedRequest, principal: Principal): Caller {
  const key = request.headers['idempotency-key'];
  if (key !== undefined && (typeof key !== 'string' || !KEY.test(key))) {
    throw new RefusalError(
      refuse(
        400,
        'service.invalid-input',
        'The input is not valid',
        'Idempotency-Key: 1 to 255 visible ASCII characters',
      ),
    );
  }
  const path = request.url.split('?')[0]!;
  const commandId =
    key === undefined ? randomId() : derivedId('http', principal.subject, request.method, path, key);
  const ifVersion = ifVersionOf(request.headers['if-match']);
  return {
    principal,
    correlationId: request.id,
    commandId,
    ...(ifVersion === undefined ? {} : { ifVersion }),
  };
}

export const etagOf = (version: number): string => `"${version}"`;

/** `*` and an absent header ask for nothing; a tag that we never gave out matches no version. */
function ifVersionOf(header: string | undefined): number | undefined {
  if (header === undefined || header === '*') return undefined;
  const version = /^(?:W\/)?"(\d+)"$/.exec(header)?.[1];
  return version === undefined ? -1 : Number(version);
}

/** The envelope of a command that this call gives; `input` is what must be equal for it to be the same command. */
export function envelopeOf(caller: Caller, input: unknown, onBehalfOf?: string): CommandEnvelope {
  return {
    commandId: caller.commandId,
    inputHash: inputHashOf(input),
    actor: actorOf(caller.principal, onBehalfOf),
    correlationId: caller.correlationId,
  };
}

/** An opaque place in a service's published history, given with an answer and waited for when it is sent back. */
export interface Freshness {
  readonly source: string;
  readonly key: string;
  readonly position: bigint;
}

export const POSITION_HEADER = 'monteore-position';

export const encodePosition = ({ source, key, position }: Freshness): string =>
  Buffer.from(JSON.stringify([source, key, position.toString()])).toString('base64url');

export function decodePosition(text: string): Freshness {
  try {
    const [source, key, position] = JSON.parse(Buffer.from(text, 'base64url').toString()) as [
      string,
      string,
      string,
    ];
    if (typeof source === 'string' && typeof key === 'string')
      return { source, key, position: BigInt(position) };
  } catch {
    // Told below: whatever is wrong with it, it is not one that we gave out.
  }
  throw new RefusalError(
    refuse(
      400,
      'service.invalid-input',
      'The input is not valid',
      'Monteore-Position: not one that an answer carried',
    ),
  );
}

export function tellPosition(reply: FastifyReply, freshness: Freshness | null): void {
  if (freshness !== null) reply.header(POSITION_HEADER, encodePosition(freshness));
}
