/** Where domain time comes from. Nothing in a domain folder reads the machine's clock. */
export interface Clock {
  /** The present instant, RFC 3339 in UTC with milliseconds. */
  now(): string;
}

export const systemClock: Clock = { now: () => new Date().toISOString() };
