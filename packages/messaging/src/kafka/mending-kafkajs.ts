import { createRequire } from 'node:module';
import { setTimeout as pause } from 'node:timers/promises';
import { TransientError } from '../port.js';

/** What of kafkajs's queue of requests is used here; it is not among its types. */
interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  scheduleCheckPendingRequests(): void;
}

let isMended = false;

/**
 * kafkajs 2.2.4 looks every millisecond after requests that wait, on every connection and also when none wait: it
 * computes a delay far in the past, of which Node makes 1 ms. That costs several per cent of a core, and a connection
 * that is closed meanwhile goes on for ever, so that the process never ends. Here it looks only when one waits.
 */
export function mendKafkajs(): void {
  if (isMended) return;
  isMended = true;
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as {
    prototype: RequestQueue;
  };
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this);
  };
}

const DISCONNECT_MILLISECONDS = 6000;

/** Disconnects, and waits a bounded time for it: kafkajs waits for ever for the answers of a link that is dead. */
export async function disconnect(client: { disconnect(): Promise<void> }): Promise<void> {
  await within(DISCONNECT_MILLISECONDS, client.disconnect(), 'disconnecting').catch(() => {});
}

/**
 * What kafkajs answers within so many milliseconds; throws TransientError when it has not by then: whoever connects waits
 * for ever when a link is closed before it is up.
 */
export async function within<T>(milliseconds: number, answer: Promise<T>, what: string): Promise<T> {
  const waiting = new AbortController();
  const limit = pause(milliseconds, undefined, { signal: waiting.signal, ref: false }).then(() => {
    throw new TransientError(`${what}: no answer in ${milliseconds} ms`);
  });
  try {
    return await Promise.race([answer, limit]);
  } finally {
    waiting.abort();
    await limit.catch(() => {});
  }
}
