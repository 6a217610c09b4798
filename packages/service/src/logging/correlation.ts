import { AsyncLocalStorage } from 'node:async_hooks';

/** Those of our own calls have at most 64; another service's may be anything. */
const MAX_CHARACTERS = 128;

const current = new AsyncLocalStorage<string>();

/** Runs work, and whatever it starts, under a correlation id: every log line that it writes names it. */
export const withCorrelation = <T>(correlationId: string, work: () => T): T =>
  current.run(correlationId.slice(0, MAX_CHARACTERS), work);

/** The id that the running work goes by; undefined outside requests and messages. */
export const currentCorrelation = (): string | undefined => current.getStore();
