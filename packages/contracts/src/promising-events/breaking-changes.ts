import { isDeepStrictEqual } from 'node:util';
import type { JsonSchema, PromisedSchemas } from './promised-schemas.js';

/** Keywords under which a smaller number lets more through, and those under which a larger one does. */
const LOWER_BOUNDS = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'];
const UPPER_BOUNDS = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'];
/** What says nothing about the messages themselves. */
const ANNOTATIONS = ['$schema', '$id', 'title', 'description'];
const COMPARED_APART = [
  ...LOWER_BOUNDS,
  ...UPPER_BOUNDS,
  ...ANNOTATIONS,
  ...['type', 'enum', 'const', 'required', 'properties', 'items'],
];

/**
 * What in the present schemas would break a consumer that was built on the promised ones; empty when nothing would.
 * A consumer reads: whatever the promise says of a message must still hold of every message told.
 *
 * - Fine: a new type, a new member (also required), an optional member that is now always there, a narrower bound.
 * - Breaking: a type or member that is gone or renamed, a required member that may be absent, another JSON type, a
 *   wider or other bound, pattern or format.
 * - A list of values (`enum`) is closed. A new value is breaking: a consumer chooses by it and has no branch for one it
 *   never heard of, unlike a whole type, which it can pass over. So is a lost one: somebody waits for it. What is new is
 *   told by a new type or by a member beside the old one. A list of a member or type that was never promised is free.
 * - Any other keyword of the promise has to stand as it is.
 */
export function breakingChanges(promised: PromisedSchemas, current: PromisedSchemas): string[] {
  return Object.entries(promised).flatMap(([name, schema]) => {
    const now = current[name];
    return now === undefined ? [`${name}: is told no more`] : changesOf(name, schema, now);
  });
}

function changesOf(where: string, promised: JsonSchema, current: JsonSchema): string[] {
  if (promised.type !== undefined && !isDeepStrictEqual(promised.type, current.type))
    return [`${where}: was of type ${text(promised.type)}, is of type ${text(current.type)}`];
  return [
    ...valueChanges(where, promised, current),
    ...boundChanges(where, promised, current),
    ...memberChanges(where, promised, current),
    ...(promised.items === undefined
      ? []
      : changesOf(`${where}[]`, schemaIn(promised.items), schemaIn(current.items))),
    ...Object.keys(promised)
      .filter((keyword) => !COMPARED_APART.includes(keyword))
      .filter((keyword) => !isDeepStrictEqual(promised[keyword], current[keyword]))
      .map((keyword) => `${where}: ${keyword} was ${text(promised[keyword])}, is ${text(current[keyword])}`),
  ];
}

function valueChanges(where: string, promised: JsonSchema, current: JsonSchema): string[] {
  const before = valuesOf(promised);
  if (before === null) return [];
  const now = valuesOf(current);
  if (now === null) return [`${where}: was one of ${text(before)}, may be anything`];
  return [
    ...before
      .filter((value) => !now.includes(value))
      .map((value) => `${where}: lost the value ${text(value)}`),
    ...now
      .filter((value) => !before.includes(value))
      .map((value) => `${where}: has a new value ${text(value)}`),
  ];
}

function boundChanges(where: string, promised: JsonSchema, current: JsonSchema): string[] {
  const widened = (keyword: string, isWider: (now: number, before: number) => boolean): string[] => {
    const [before, now] = [promised[keyword], current[keyword]];
    if (typeof before !== 'number' || (typeof now === 'number' && !isWider(now, before))) return [];
    return [`${where}: ${keyword} was ${before}, is ${text(now)}`];
  };
  return [
    ...LOWER_BOUNDS.flatMap((keyword) => widened(keyword, (now, before) => now < before)),
    ...UPPER_BOUNDS.flatMap((keyword) => widened(keyword, (now, before) => now > before)),
  ];
}

function memberChanges(where: string, promised: JsonSchema, current: JsonSchema): string[] {
  const [required, members] = [requiredOf(current), membersOf(current)];
  const gone = Object.keys(membersOf(promised)).filter((member) => members[member] === undefined);
  return [
    ...gone.map((member) => `${where}.${member}: is gone`),
    ...requiredOf(promised)
      .filter((member) => !gone.includes(member) && !required.includes(member))
      .map((member) => `${where}.${member}: was always there, may be absent`),
    ...Object.entries(membersOf(promised))
      .filter(([member]) => !gone.includes(member))
      .flatMap(([member, schema]) => changesOf(`${where}.${member}`, schema, schemaIn(members[member]))),
  ];
}

/** The values a schema allows, or null when it names none. */
function valuesOf(schema: JsonSchema): readonly unknown[] | null {
  if ('const' in schema) return [schema.const];
  return Array.isArray(schema.enum) ? schema.enum : null;
}

const schemaIn = (value: unknown): JsonSchema => (value ?? {}) as JsonSchema;
const membersOf = (schema: JsonSchema) => (schema.properties ?? {}) as Readonly<Record<string, JsonSchema>>;
const requiredOf = (schema: JsonSchema) => (schema.required ?? []) as readonly string[];
const text = (value: unknown): string => (value === undefined ? 'not said' : JSON.stringify(value));
