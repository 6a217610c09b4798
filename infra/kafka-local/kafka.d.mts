/** A broker for tests: see kafka.mjs. */
export interface LocalKafka {
  readonly brokers: string[];
  shutDown(): Promise<void>;
  kill(): Promise<void>;
  startAgain(): Promise<void>;
  stop(): Promise<void>;
}

export function missingForKafka(): string | null;
export function startKafka(): Promise<LocalKafka>;
