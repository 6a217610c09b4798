/** What is wrong with one field of an input; `pointer` is a JSON Pointer into the body (`/policy/toleranceMinutes`). */
export interface FieldError {
  readonly pointer: string;
  readonly detail: string;
}

/**
 * A refusal is a value: the command was understood and the answer is no.
 * `code` is stable and part of the API (`ledger.hours-insufficient`); `status` is the HTTP status it is told with.
 */
export interface Refusal {
  readonly refused: true;
  readonly code: string;
  readonly status: 400 | 401 | 403 | 404 | 409 | 412 | 413 | 415 | 422 | 429 | 503;
  readonly title: string;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  /** Further members of the problem answer: what is missing, what is newer. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

export function refuse(
  status: Refusal['status'],
  code: string,
  title: string,
  detail: string,
  more: { errors?: readonly FieldError[]; extra?: Readonly<Record<string, unknown>> } = {},
): Refusal {
  return { refused: true, code, status, title, detail, ...more };
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && (value as { refused?: unknown }).refused === true;
}

/** A refusal on its way out of code that answers by throwing (HTTP handlers, pipes). */
export class RefusalError extends Error {
  constructor(readonly refusal: Refusal) {
    super(`${refusal.code}: ${refusal.detail}`);
    this.name = 'RefusalError';
  }
}

/** Something outside is away for a while (database, broker, a conflict that did not settle): told as 503 with Retry-After. */
export class UnavailableError extends Error {
  constructor(
    readonly code: string,
    detail: string,
    readonly retryAfterSeconds = 1,
    options?: ErrorOptions,
  ) {
    super(detail, options);
    this.name = 'UnavailableError';
  }
}
