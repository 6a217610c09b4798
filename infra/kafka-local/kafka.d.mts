/** A broker for tests: see kafka.mjs. */
export interface LocalKafka {
  readonly brokers: string[];
  /** Of the second listener, with TLS and SASL (PLAIN and SCRAM-SHA-512); null where it was not asked for. */
  readonly security: KafkaSecurity | null;
  /** Of a broker that was given these three are refused (isKafkaGiven). */
  shutDown(): Promise<void>;
  kill(): Promise<void>;
  startAgain(): Promise<void>;
  stop(): Promise<void>;
}

export interface KafkaSecurity {
  readonly brokers: string[];
  readonly caFile: string;
  readonly username: string;
  readonly password: string;
}

export function isKafkaGiven(): boolean;
export function missingForKafka(options?: { readonly secured?: boolean }): string | null;
export function startKafka(options?: { readonly secured?: boolean }): Promise<LocalKafka>;
