import { createHash } from 'node:crypto';

/** Values that survive JSON without a change of meaning. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/**
 * One canonical text for a JSON value: keys in code-unit order, absent members left out, no white space.
 * The hash chain and the input hash of a command are made of it, so there is this one implementation.
 * Throws TypeError on what JSON cannot carry exactly (NaN, infinities, unsafe integers, functions, lone surrogates).
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return textOf(value);
    case 'number':
      return numberOf(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? arrayOf(value) : objectOf(value as Record<string, unknown>);
    default:
      throw new TypeError(`a ${typeof value} has no canonical form`);
  }
}

function textOf(value: string): string {
  if (!value.isWellFormed()) throw new TypeError('a lone surrogate has no canonical form');
  return JSON.stringify(value);
}

function numberOf(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`${value} has no canonical form`);
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    throw new TypeError(`${value} is no exact integer`);
  return String(value);
}

const arrayOf = (items: readonly unknown[]): string =>
  `[${items.map((item) => canonicalJson(item === undefined ? null : item)).join(',')}]`;

/** Built up as one text: every event is written so several times, and lists of members cost most of it. */
function objectOf(record: Record<string, unknown>): string {
  if (record instanceof Date) throw new TypeError('a Date has no canonical form: pass its ISO text');
  let members = '';
  for (const key of Object.keys(record).sort()) {
    const member = record[key];
    if (member === undefined) continue;
    if (members !== '') members += ',';
    members += `${textOf(key)}:${canonicalJson(member)}`;
  }
  return `{${members}}`;
}

/** Lower-case hex SHA-256 of text (UTF-8) or bytes. */
export function sha256Hex(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** The fingerprint of a command's input: equal input, equal hash, whatever the order of its members. */
export function inputHashOf(input: unknown): string {
  return sha256Hex(canonicalJson(input));
}
