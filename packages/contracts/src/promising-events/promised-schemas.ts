import { z } from 'zod';
import { integrationEvents, peopleEvents } from '../events/index.js';
import { zEnvelope } from './envelope.js';

/** A JSON Schema, draft 2020-12. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** What is promised to consumers, by `<service>/<type>`; `people/<type>` of the people topics; and `envelope`. */
export type PromisedSchemas = Readonly<Record<string, JsonSchema>>;

/** Every public schema as the contracts say now. The same contracts give the same text, byte for byte. */
export function promisedSchemas(): PromisedSchemas {
  const groups = { ...integrationEvents, people: peopleEvents };
  const ofTypes = Object.entries(groups).flatMap(([group, types]) =>
    Object.entries<z.ZodType>(types).map(
      ([type, schema]) =>
        [`${group}/${type}`, jsonSchemaOf(schema, `urn:monteore:v1:${group}:${type}`, type)] as const,
    ),
  );
  return Object.fromEntries([
    ['envelope', jsonSchemaOf(zEnvelope, 'urn:monteore:v1:envelope', 'Envelope')],
    ...ofTypes,
  ]);
}

/** The data as it travels: `input`, because what a consumer's parsing makes of it is the consumer's own. */
function jsonSchemaOf(schema: z.ZodType, $id: string, title: string): JsonSchema {
  const made = z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input', override: dropNoise });
  return inStableOrder({ ...made, $id, title }) as JsonSchema;
}

/** What Zod writes of its own: the range of safe integers on every whole number, and how it checks an instant. */
function dropNoise({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
}

/** Members by name and `required` sorted, so that moving a line of a contract changes no file. */
export function inStableOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inStableOrder);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    members.map(([name, member]) => [
      name,
      name === 'required' && Array.isArray(member) ? member.toSorted() : inStableOrder(member),
    ]),
  );
}
