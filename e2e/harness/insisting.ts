import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Answer } from './rest-client.ts';

/** How long one command or mail is repeated before a test gives up. */
const PATIENCE_MILLISECONDS = 120_000;
const BETWEEN_TRIES_MILLISECONDS = 100;

/**
 * Repeats until there is an answer; null asks for the next try. Throws Error when there is none in time, with what
 * `why` says of the last try.
 */
export async function untilAnswered<T>(
  what: string,
  attempt: () => Promise<T | null>,
  why: () => string = () => 'none',
): Promise<T> {
  const end = performance.now() + PATIENCE_MILLISECONDS;
  while (performance.now() < end) {
    const answer = await attempt();
    if (answer !== null) return answer;
    await pause(BETWEEN_TRIES_MILLISECONDS);
  }
  throw new Error(`${what}: no answer in ${PATIENCE_MILLISECONDS} ms; the last reason: ${why()}`);
}

export interface Insistence {
  readonly key?: string;
  /** Told about each refusal to answer now. */
  readonly onUnavailable?: (answer: Answer) => void;
}

/** One command as clients should send it: under one key, again after a lost connection, a 502, a 503 or `pending`. */
export function insistently(
  send: (key: string) => Promise<Answer>,
  { key = randomUUID(), onUnavailable = () => {} }: Insistence = {},
): Promise<Answer> {
  let last = 'none';
  const attempt = async (): Promise<Answer | null> => {
    const answer = await send(key).catch((error: Error) => {
      last = `${error.message} (${error.cause})`;
      return null;
    });
    if (answer === null) return null;
    last = `${answer.status} ${JSON.stringify(answer.body)}`;
    const isUnavailable = answer.status === 502 || answer.status === 503;
    if (isUnavailable) onUnavailable(answer);
    return isUnavailable || answer.body.outcome === 'pending' ? null : answer;
  };
  return untilAnswered(`the command ${key}`, attempt, () => last);
}
