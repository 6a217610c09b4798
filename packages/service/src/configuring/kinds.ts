import { existsSync } from 'node:fs';
import { z } from 'zod';

/** Kinds of values that variables have. Each says what is wrong in words for an operator. */
export const zUrl = (...protocols: readonly string[]) =>
  z.string().refine((text) => protocols.includes(protocolOf(text)), {
    error: `not an address that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  });

const protocolOf = (text: string): string => (URL.canParse(text) ? new URL(text).protocol : '');

export const zPostgresUrl = zUrl('postgres:', 'postgresql:');

export const zPublicUrl = zUrl('http:', 'https:').transform((url) => url.replace(/\/+$/, ''));

const PORT = 'a port is a whole number from 0 to 65535';
export const zPort = z.coerce.number(PORT).int(PORT).min(0, PORT).max(65_535, PORT);

export const zHost = z.string().regex(/^[\w.:-]+$/, 'not an address to listen on');

export const zFile = z.string().refine((path) => existsSync(path), 'this file does not exist');

export const zSwitch = z.stringbool('true or false is expected');

export const zLogLevel = z.enum(
  ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
  'trace, debug, info, warn, error or silent',
);

/** Several, separated by commas or blanks. */
export const zList = <Item extends z.ZodType<unknown, string>>(item: Item) =>
  z
    .string()
    .transform((text) => text.split(/[\s,]+/).filter((part) => part !== ''))
    .pipe(z.array(item).min(1, 'at least one is needed'));

export const zServerName = z.string().regex(/^[^\s;()"]+$/, 'a server name without blanks is expected');

export const zBroker = z.string().regex(/^[\w.-]+:\d{1,5}$/, 'host:port is expected');

export const zSeconds = z.coerce
  .number('a number of seconds is expected')
  .min(0, 'a number of seconds is expected')
  .max(600, 'at most 600 seconds');

/** Several hosts make it no URL that the platform could read. */
export const zEventStoreUrl = z
  .string()
  .regex(
    /^(esdb|kurrentdb)(\+discover)?:\/\/\S+$/,
    'not an address that begins with esdb:// or kurrentdb://',
  );
