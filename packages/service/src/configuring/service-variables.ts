import { z } from 'zod';
import type { KeyLocation } from '../auth/token-verifier.js';
import {
  zBroker,
  zFile,
  zHost,
  zList,
  zLogLevel,
  zPort,
  zPostgresUrl,
  zPublicUrl,
  zSeconds,
  zSwitch,
  zUrl,
} from './kinds.js';
import {
  type Environment,
  EnvironmentError,
  readVariables,
  type ValuesOf,
  type Variables,
} from './variables.js';

/** What every service that runs alone reads from its environment. */
export const commonVariables = {
  MONTEORE_HOST: { schema: zHost.default('127.0.0.1'), help: 'address to listen on (127.0.0.1)' },
  MONTEORE_PORT: { schema: zPort.default(8080), help: 'port of HTTP (8080)' },
  MONTEORE_PUBLIC_URL: {
    schema: zPublicUrl,
    help: 'how people reach the system; links in mails begin with it',
  },
  MONTEORE_DATABASE_URL: {
    schema: zPostgresUrl,
    help: "postgres:// address of the service's database, as the role that it runs as",
    secret: true,
  },
  MONTEORE_OWNER_DATABASE_URL: {
    schema: zPostgresUrl,
    help: 'the same database as the role that owns the tables, for migrations at the start',
    secret: true,
  },
  MONTEORE_BLOBS_URL: {
    schema: zPostgresUrl.optional(),
    help: 'postgres:// address of the blobs that services share (absent: MONTEORE_DATABASE_URL)',
    secret: true,
  },
  MONTEORE_INSTALLATION_SECRET: {
    schema: z.string().min(32, 'at least 32 characters are needed'),
    help: 'from which ids of people are made: the same in every service, and never another',
    secret: true,
  },
  MONTEORE_MESSAGING: {
    schema: z.enum(['kafka', 'postgres'], 'kafka or postgres').default('kafka'),
    help: 'how services exchange events: kafka, or postgres for a log in MONTEORE_DATABASE_URL (kafka)',
  },
  MONTEORE_KAFKA_BROKERS: {
    schema: zList(zBroker).optional(),
    help: 'host:port of some brokers, separated by commas; needed with kafka',
  },
  MONTEORE_KAFKA_TLS: {
    schema: zSwitch.default(false),
    help: 'true: connections to the brokers are encrypted (false)',
  },
  MONTEORE_KAFKA_CA_FILE: {
    schema: zFile.optional(),
    help: "PEM file of the authority that signed the brokers' certificates (absent: those of the system)",
  },
  MONTEORE_KAFKA_SASL: {
    schema: z
      .enum(['plain', 'scram-sha-256', 'scram-sha-512'], 'plain, scram-sha-256 or scram-sha-512')
      .optional(),
    help: 'how the service proves who it is to the brokers: plain, scram-sha-256 or scram-sha-512 (absent: not at all)',
  },
  MONTEORE_KAFKA_USERNAME: {
    schema: z.string().optional(),
    help: 'its name there; needed with MONTEORE_KAFKA_SASL',
  },
  MONTEORE_KAFKA_PASSWORD: {
    schema: z.string().optional(),
    help: 'its password there; needed with MONTEORE_KAFKA_SASL',
    secret: true,
  },
  JWKS_URL: {
    schema: zUrl('http:', 'https:').optional(),
    help: 'where identity publishes the public keys of access tokens; this or JWKS_FILE is needed',
  },
  JWKS_FILE: { schema: zFile.optional(), help: 'a file with the public keys of access tokens' },
  LINK_JWKS_URL: {
    schema: zUrl('http:', 'https:').optional(),
    help: 'where intake publishes the public keys of the links in mails; this or LINK_JWKS_FILE is needed',
  },
  LINK_JWKS_FILE: { schema: zFile.optional(), help: 'a file with the public keys of the links in mails' },
  MONTEORE_DRAIN_SECONDS: {
    schema: zSeconds.default(0),
    help: 'how long a stopping service goes on answering while it tells that it is not ready, for proxies to notice (0)',
  },
  MONTEORE_LOG_LEVEL: {
    schema: zLogLevel.default('info'),
    help: 'trace, debug, info, warn, error or silent (info)',
  },
  MONTEORE_TEST_CLOCK: {
    schema: zFile.optional(),
    help: 'for tests: a file with the milliseconds that the clock is moved by',
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    schema: zUrl('http:', 'https:').optional(),
    help: 'collector that traces are sent to, over HTTP (absent: none are made)',
  },
} as const satisfies Variables;

export type CommonValues = ValuesOf<typeof commonVariables>;

/** Where events travel between services. */
export type MessagingSettings =
  | { readonly driver: 'postgres'; readonly url: string }
  | {
      readonly driver: 'kafka';
      readonly brokers: readonly string[];
      readonly tls?: { readonly caFile?: string };
      readonly sasl?: {
        readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
        readonly username: string;
        readonly password: string;
      };
    };

/** Where a service keeps its events: in its own database, or in EventStoreDB / KurrentDB. */
export type EventStoreSettings =
  | { readonly driver: 'postgres' }
  | { readonly driver: 'kurrentdb'; readonly url: string };

/**
 * Reads common variables and those of one service, with what they need of each other; `ownFaults` says that of its own,
 * one line each. Throws EnvironmentError.
 */
export function readServiceVariables<Own extends Variables>(
  own: Own,
  environment: Environment,
  ownFaults: (values: ValuesOf<Own>) => readonly string[] = () => [],
): CommonValues & ValuesOf<Own> {
  const values = readVariables({ ...commonVariables, ...own }, environment) as CommonValues & ValuesOf<Own>;
  const lines = [...faultsBetween(values), ...ownFaults(values)];
  if (lines.length > 0) throw new EnvironmentError(lines);
  return values;
}

function faultsBetween(values: CommonValues): string[] {
  const lines: string[] = [];
  if (values.MONTEORE_MESSAGING === 'kafka' && values.MONTEORE_KAFKA_BROKERS === undefined)
    lines.push(`MONTEORE_KAFKA_BROKERS is missing: ${commonVariables.MONTEORE_KAFKA_BROKERS.help}`);
  if (values.MONTEORE_KAFKA_SASL !== undefined) {
    for (const name of ['MONTEORE_KAFKA_USERNAME', 'MONTEORE_KAFKA_PASSWORD'] as const)
      if (values[name] === undefined) lines.push(`${name} is missing: ${commonVariables[name].help}`);
  }
  for (const prefix of ['JWKS', 'LINK_JWKS'] as const) {
    const [url, file] = [values[`${prefix}_URL`], values[`${prefix}_FILE`]];
    if (url === undefined && file === undefined)
      lines.push(`${prefix}_URL is missing: ${commonVariables[`${prefix}_URL`].help}`);
    if (url !== undefined && file !== undefined)
      lines.push(`${prefix}_URL and ${prefix}_FILE are both set: one of them is enough`);
  }
  return lines;
}

export function messagingOf(values: CommonValues): MessagingSettings {
  if (values.MONTEORE_MESSAGING === 'postgres')
    return { driver: 'postgres', url: values.MONTEORE_DATABASE_URL };
  const { MONTEORE_KAFKA_SASL: mechanism, MONTEORE_KAFKA_CA_FILE: caFile } = values;
  return {
    driver: 'kafka',
    brokers: values.MONTEORE_KAFKA_BROKERS!,
    ...(values.MONTEORE_KAFKA_TLS ? { tls: caFile === undefined ? {} : { caFile } } : {}),
    ...(mechanism === undefined
      ? {}
      : {
          sasl: {
            mechanism,
            username: values.MONTEORE_KAFKA_USERNAME!,
            password: values.MONTEORE_KAFKA_PASSWORD!,
          },
        }),
  };
}

/** Of each kind of public keys. */
export function keyLocationOf(values: CommonValues, prefix: 'JWKS' | 'LINK_JWKS'): KeyLocation {
  const file = values[`${prefix}_FILE`];
  return file === undefined ? { url: values[`${prefix}_URL`]! } : { file };
}
