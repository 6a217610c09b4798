import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type JsonSchema,
  PROMISE_FILE,
  type PromisedSchemas,
  promisedSchemas,
} from '../promising-events/index.js';
import { itemsOf, membersOf, requiredOf, sampleOf } from './sample-of.js';

type Data = Readonly<Record<string, unknown>>;

/** A member that no contract has, as a later release may add one anywhere. */
export const LATER_MEMBER = 'newInALaterRelease';
/** A value that no consumer knows, where the contract names no list of values. */
export const LATER_VALUE = 'value-of-a-later-release';

/** Members whose values are names of something, and whose list may grow: who acted is told by a role. */
const NAMES_OF_AN_OPEN_LIST = new Set(['role']);

const promised = JSON.parse(
  readFileSync(join(import.meta.dirname, '../..', PROMISE_FILE), 'utf8'),
) as PromisedSchemas;

/** The schema of an event's data today. `name` is `<service>/<type>`, or `people/<type>`. */
export const schemaToday = (name: string): JsonSchema => schemaIn(promisedSchemas(), name);

/** An event's data as it is told today, with every member there is; `values` by the names of members. */
export const formToday = (name: string, values: Data): Data =>
  sampleOf(schemaToday(name), { optional: true, values }) as Data;

/** The same as a later release may tell it: members at every depth that nobody knows, and names nobody has heard of. */
export const newerForm = (name: string, data: Data): Data =>
  withLaterMembers(withLaterValues(schemaToday(name), data)) as Data;

/** The same with nothing but what v1 has promised to be always there. */
export const oldestForm = (name: string, data: Data): Data =>
  withRequiredOnly(schemaIn(promised, name), data) as Data;

export function withLaterMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withLaterMembers);
  if (!isObject(value)) return value;
  return { ...mapMembers(value, withLaterMembers), [LATER_MEMBER]: { deep: [1] } };
}

function withLaterValues(schema: JsonSchema, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => withLaterValues(itemsOf(schema), item));
  if (!isObject(value)) return value;
  return mapMembers(value, (member, name) => {
    const known = membersOf(schema)[name] ?? {};
    const isOpen = NAMES_OF_AN_OPEN_LIST.has(name) && known.type === 'string' && known.enum === undefined;
    return isOpen ? LATER_VALUE : withLaterValues(known, member);
  });
}

function withRequiredOnly(schema: JsonSchema, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => withRequiredOnly(itemsOf(schema), item));
  if (!isObject(value)) return value;
  const kept = Object.entries(value).filter(([name]) => requiredOf(schema).includes(name));
  return mapMembers(Object.fromEntries(kept), (member, name) =>
    withRequiredOnly(membersOf(schema)[name]!, member),
  );
}

function schemaIn(schemas: PromisedSchemas, name: string): JsonSchema {
  const schema = schemas[name];
  if (schema === undefined) throw new Error(`${name} is no public event`);
  return schema;
}

const isObject = (value: unknown): value is Data => typeof value === 'object' && value !== null;
const mapMembers = (value: Data, change: (member: unknown, name: string) => unknown): Data =>
  Object.fromEntries(Object.entries(value).map(([name, member]) => [name, change(member, name)]));
