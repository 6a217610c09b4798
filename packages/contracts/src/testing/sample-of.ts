import type { JsonSchema } from '../promising-events/index.js';

interface Sampling {
  /** With the optional members, at every depth. */
  readonly optional: boolean;
  /** What members of these names hold, at every depth. */
  readonly values?: Readonly<Record<string, unknown>>;
}

/** A value that the schema allows; throws on a schema it has no value for. */
export function sampleOf(schema: JsonSchema, sampling: Sampling): unknown {
  if ('const' in schema) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  switch (schema.type) {
    case 'boolean':
      return true;
    case 'integer':
      return schema.minimum ?? 1;
    case 'string':
      if (schema.format === 'date-time') return '2026-03-02T09:00:00Z';
      return schema.pattern === undefined ? 'text' : '2026-03-02';
    case 'array':
      return [sampleOf(itemsOf(schema), sampling)];
    case 'object':
      return sampleOfObject(schema, sampling);
    default:
      throw new Error(`no sample for ${JSON.stringify(schema)}`);
  }
}

function sampleOfObject(schema: JsonSchema, sampling: Sampling): Record<string, unknown> {
  const { optional, values = {} } = sampling;
  const members = Object.entries(membersOf(schema)).filter(
    ([name]) => optional || requiredOf(schema).includes(name),
  );
  const memberOf = (name: string, member: JsonSchema) =>
    name in values ? values[name] : sampleOf(member, sampling);
  return Object.fromEntries(members.map(([name, member]) => [name, memberOf(name, member)]));
}

export const membersOf = (schema: JsonSchema) =>
  (schema.properties ?? {}) as Readonly<Record<string, JsonSchema>>;
export const requiredOf = (schema: JsonSchema) => (schema.required ?? []) as readonly string[];
export const itemsOf = (schema: JsonSchema) => schema.items as JsonSchema;
