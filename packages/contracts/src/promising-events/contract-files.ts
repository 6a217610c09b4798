import { asyncApiDocument } from './asyncapi.js';
import { promisedSchemas } from './promised-schemas.js';

/** The files made from the contracts, by their path in this package; `npm run contracts` writes them. */
export function contractFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['asyncapi.json', asText(asyncApiDocument())],
    ...Object.entries(promisedSchemas()).map(
      ([name, schema]) => [`schemas/${name}.json`, asText(schema)] as const,
    ),
  ]);
}

/** What has been promised of v1, and so is compared with; it grows by `npm run contracts -- --promise` only. */
export const PROMISE_FILE = 'promised/v1.json';
export const promiseText = (): string => asText(promisedSchemas());

const asText = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;
