import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { keyLocationOf, messagingOf, readServiceVariables } from './service-variables.js';
import {
  type Environment,
  EnvironmentError,
  readVariables,
  unknownVariables,
  type Variables,
} from './variables.js';

const file = (content: string): string => {
  const path = join(mkdtempSync(join(tmpdir(), 'monteore-variables-')), 'secret');
  writeFileSync(path, content);
  return path;
};

const linesOf = (read: () => unknown): readonly string[] => {
  try {
    read();
  } catch (error) {
    if (error instanceof EnvironmentError) return error.lines;
    throw error;
  }
  return [];
};

describe('variables', () => {
  const declared = {
    COLOUR: { schema: z.enum(['red', 'blue'], 'red or blue'), help: 'the colour of the door' },
    WIDTH: { schema: z.coerce.number('a number is expected').default(80), help: 'how wide it is' },
    KEY: {
      schema: z.string().min(8, 'at least 8 characters are needed'),
      help: 'what opens it',
      secret: true,
    },
  } as const satisfies Variables;

  test('are read, with defaults; an empty one is as good as none', () => {
    expect(readVariables(declared, { COLOUR: 'red', WIDTH: '', KEY: 'open-sesame' })).toEqual({
      COLOUR: 'red',
      WIDTH: 80,
      KEY: 'open-sesame',
    });
  });

  test('are all named when they are missing or wrong, without what is secret', () => {
    expect(linesOf(() => readVariables(declared, { COLOUR: 'green', WIDTH: 'wide', KEY: 'short' }))).toEqual([
      'COLOUR="green": red or blue',
      'WIDTH="wide": a number is expected',
      'KEY: at least 8 characters are needed',
    ]);
    expect(linesOf(() => readVariables(declared, {}))).toEqual([
      'COLOUR is missing: the colour of the door',
      'KEY is missing: what opens it',
    ]);
  });

  test('a secret may be in a file, which then is the only place', () => {
    const KEY_FILE = file('from-a-file\n');
    expect(readVariables(declared, { COLOUR: 'red', KEY_FILE }).KEY).toBe('from-a-file');
    expect(linesOf(() => readVariables(declared, { COLOUR: 'red', KEY_FILE, KEY: 'open-sesame' }))).toEqual([
      'KEY and KEY_FILE are both set: one of them is enough',
    ]);
    expect(linesOf(() => readVariables(declared, { COLOUR: 'red', KEY_FILE: '/nowhere' }))).toEqual([
      'KEY_FILE="/nowhere" cannot be read (ENOENT)',
    ]);
    expect(linesOf(() => readVariables(declared, { COLOUR: 'red', KEY_FILE: file('short') }))).toEqual([
      'KEY_FILE: at least 8 characters are needed',
    ]);
    expect(linesOf(() => readVariables(declared, { COLOUR_FILE: file('red'), KEY: 'open-sesame' }))).toEqual([
      'COLOUR is missing: the colour of the door',
    ]);
  });

  test('that nothing reads are found', () => {
    const known = { MONTEORE_KEY: declared.KEY, MONTEORE_PORT: declared.WIDTH };
    const environment = { MONTEORE_KEY_FILE: 'x', MONTEORE_PROT: '1', MONTEORE_PORT_FILE: 'x', PATH: '/bin' };
    expect(unknownVariables(known, environment)).toEqual(['MONTEORE_PORT_FILE', 'MONTEORE_PROT']);
  });
});

describe('variables of every service', () => {
  const complete: Environment = {
    MONTEORE_PUBLIC_URL: 'https://ore.agenzia.example/',
    MONTEORE_DATABASE_URL: 'postgres://ledger:p@db/monteore',
    MONTEORE_OWNER_DATABASE_URL: 'postgres://owner:p@db/monteore',
    MONTEORE_INSTALLATION_SECRET: 's'.repeat(32),
    MONTEORE_KAFKA_BROKERS: 'kafka-1:9092, kafka-2:9092',
    JWKS_URL: 'http://identity:8080/.well-known/jwks.json',
    LINK_JWKS_URL: 'http://intake:8080/.well-known/jwks.json',
  };
  const read = (more: Environment = {}) => readServiceVariables({}, { ...complete, ...more });
  const faults = (more: Environment) => linesOf(() => read(more));

  test('say where events travel', () => {
    expect(messagingOf(read())).toEqual({ driver: 'kafka', brokers: ['kafka-1:9092', 'kafka-2:9092'] });
    expect(messagingOf(read({ MONTEORE_MESSAGING: 'postgres', MONTEORE_KAFKA_BROKERS: '' }))).toEqual({
      driver: 'postgres',
      url: 'postgres://ledger:p@db/monteore',
    });
    const caFile = file('certificate');
    const secured = {
      MONTEORE_KAFKA_TLS: 'true',
      MONTEORE_KAFKA_CA_FILE: caFile,
      MONTEORE_KAFKA_SASL: 'scram-sha-512',
      MONTEORE_KAFKA_USERNAME: 'ledger',
      MONTEORE_KAFKA_PASSWORD_FILE: file('hidden\n'),
    };
    expect(messagingOf(read(secured))).toMatchObject({
      tls: { caFile },
      sasl: { mechanism: 'scram-sha-512', username: 'ledger', password: 'hidden' },
    });
  });

  test('say where public keys are', () => {
    expect(keyLocationOf(read(), 'JWKS')).toEqual({ url: complete.JWKS_URL });
    const JWKS_FILE = file('{}');
    expect(keyLocationOf(read({ JWKS_URL: '', JWKS_FILE }), 'JWKS')).toEqual({ file: JWKS_FILE });
  });

  test.each<[Environment, string]>([
    [{ MONTEORE_KAFKA_BROKERS: '' }, 'MONTEORE_KAFKA_BROKERS is missing: '],
    [{ MONTEORE_KAFKA_BROKERS: 'kafka' }, 'MONTEORE_KAFKA_BROKERS="kafka": host:port is expected'],
    [{ MONTEORE_KAFKA_SASL: 'plain', MONTEORE_KAFKA_USERNAME: 'x' }, 'MONTEORE_KAFKA_PASSWORD is missing: '],
    [{ MONTEORE_KAFKA_CA_FILE: '/nowhere' }, 'MONTEORE_KAFKA_CA_FILE="/nowhere": this file does not exist'],
    [{ JWKS_URL: '' }, 'JWKS_URL is missing: '],
    [{ LINK_JWKS_URL: '' }, 'LINK_JWKS_URL is missing: '],
    [{ LINK_JWKS_FILE: '/dev/null' }, 'LINK_JWKS_URL and LINK_JWKS_FILE are both set'],
    [
      { MONTEORE_DATABASE_URL: 'mysql://db' },
      'MONTEORE_DATABASE_URL: not an address that begins with postgres://',
    ],
    [{ MONTEORE_INSTALLATION_SECRET: 'short' }, 'MONTEORE_INSTALLATION_SECRET: at least 32 characters'],
    [{ MONTEORE_DRAIN_SECONDS: '-1' }, 'MONTEORE_DRAIN_SECONDS="-1": a number of seconds is expected'],
    [{ MONTEORE_PORT: '99999' }, 'MONTEORE_PORT="99999": a port is a whole number from 0 to 65535'],
  ])('%j is told', (more, line) => {
    expect(faults(more)).toEqual([expect.stringContaining(line)]);
  });
});
