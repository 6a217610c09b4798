import { type FieldError, isRefusal, type Refusal, RefusalError, UnavailableError } from '@monteore/kernel';
import { isTransient } from '@monteore/messaging';
import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  Inject,
  Injectable,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';

export const LOGGER = Symbol('logger');

/** RFC 9457 problem details, the one form of every error (api.md). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly errors?: readonly FieldError[];
  readonly traceId: string;
  readonly [extra: string]: unknown;
}

@Catch()
@Injectable()
export class ProblemFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    sendProblem(http.getResponse<FastifyReply>(), http.getRequest<FastifyRequest>(), error, this.logger);
  }
}

export function sendProblem(
  reply: FastifyReply,
  request: FastifyRequest,
  error: unknown,
  logger: Logger,
): void {
  const { refusal, retryAfterSeconds } = describe(error);
  const { status, code, title, detail, errors, extra } = refusal;
  if (status === 500) logger.error({ err: error, route: request.routeOptions?.url }, 'a request failed');
  const problem: Problem = {
    ...extra,
    type: `https://monteore.example/problems/${code}`,
    title,
    status,
    detail,
    code,
    ...(errors === undefined ? {} : { errors }),
    traceId: request.id,
  };
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds));
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  // A connection closed under a body that is still being sent would lose this answer: the rest is read and dropped.
  if (status === 413) reply.removeHeader('connection');
  reply
    .status(status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .send(JSON.stringify(problem));
}

type Described = {
  readonly refusal: Omit<Refusal, 'status' | 'refused'> & { readonly status: number };
  readonly retryAfterSeconds?: number;
};

function describe(error: unknown): Described {
  if (isRefusal(error)) return { refusal: error };
  if (error instanceof RefusalError) return { refusal: error.refusal };
  if (error instanceof UnavailableError) {
    const { code, message: detail, retryAfterSeconds } = error;
    return { refusal: { code, status: 503, title: 'Not available right now', detail }, retryAfterSeconds };
  }
  if (isTransient(error)) {
    const detail = 'A part of the system does not answer; try again in a moment.';
    return {
      refusal: { code: 'service.unavailable', status: 503, title: 'Not available right now', detail },
      retryAfterSeconds: 2,
    };
  }
  return { refusal: describeHttp(error) };
}

const HTTP: Readonly<Record<number, readonly [code: string, title: string, detail: string]>> = {
  400: ['service.malformed', 'Malformed request', 'The body is not valid JSON.'],
  404: ['service.no-such-route', 'Not found', 'There is nothing at this path.'],
  405: ['service.method-not-allowed', 'Method not allowed', 'This path does not take this method.'],
  413: ['service.too-large', 'Too large', 'The body is larger than this route takes.'],
  415: [
    'service.unsupported-media-type',
    'Unsupported media type',
    'Send the content type that this route takes.',
  ],
  429: ['service.too-many-requests', 'Too many requests', 'Slow down and try again.'],
};

function describeHttp(error: unknown): Described['refusal'] {
  const status =
    error instanceof HttpException
      ? error.getStatus()
      : Number((error as { statusCode?: unknown }).statusCode);
  const known = HTTP[status];
  if (known !== undefined) {
    const [code, title, detail] = known;
    return { code, title, detail, status };
  }
  return {
    code: 'service.internal',
    status: 500,
    title: 'Something broke here',
    detail: 'The request could not be handled; nothing was stored. Tell the operator the traceId.',
  };
}
