import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, test } from '@jest/globals';
import { z } from 'zod';
import { integrationEvents, peopleEvents } from '../events/index.js';
import { sampleOf, withLaterMembers } from '../testing/index.js';
import { breakingChanges } from './breaking-changes.js';
import { contractFiles, PROMISE_FILE } from './contract-files.js';
import { type PromisedSchemas, promisedSchemas } from './promised-schemas.js';

const PACKAGE = join(import.meta.dirname, '../..');
const textOf = (path: string) => readFile(join(PACKAGE, path), 'utf8');

interface AsyncApi {
  readonly channels: Record<string, { address: string; messages: Record<string, { $ref: string }> }>;
  readonly components: { messages: Record<string, { payload: object }> };
}

describe('the files made from the contracts (after a change: npm run contracts)', () => {
  test.each([...contractFiles().keys()])('%s says what the contracts say', async (path) => {
    expect(await textOf(path)).toBe(contractFiles().get(path));
  });

  it('are all there is', async () => {
    const entries = await readdir(join(PACKAGE, 'schemas'), { recursive: true, withFileTypes: true });
    const found = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    expect(found).toHaveLength(contractFiles().size - 1);
  });

  it('name every topic and every type on it', async () => {
    const { channels, components } = JSON.parse(await textOf('asyncapi.json')) as AsyncApi;
    const topics = Object.values(channels).map(({ address }) => address);
    const services = ['intake', 'estimation', 'ledger', 'reporting', 'identity'];
    expect(topics.sort()).toEqual(
      services
        .flatMap((service) => [`monteore.${service}.events.v1`, `monteore.${service}.people.v1`])
        .sort(),
    );
    expect(Object.keys(channels['ledger-events']!.messages)).toContain('WorkCharged');
    const named = Object.values(channels).flatMap(({ messages }) => Object.values(messages));
    for (const { $ref } of named)
      expect(components.messages).toHaveProperty([$ref.replace('#/components/messages/', '')]);
    const payloads = JSON.stringify(Object.values(components.messages).map(({ payload }) => payload));
    const files = [...payloads.matchAll(/"\.\/(schemas\/[^"]+)"/g)].map(([, path]) => path!);
    expect(new Set(files)).toEqual(
      new Set([...contractFiles().keys()].filter((path) => path !== 'asyncapi.json')),
    );
  });
});

describe('what was promised of v1 (docs/adr/0014-public-events.md)', () => {
  it('still holds', async () => {
    const promised = JSON.parse(await textOf(PROMISE_FILE)) as PromisedSchemas;
    expect(Object.keys(promised)).toContain('ledger/WorkCharged');
    expect(breakingChanges(promised, promisedSchemas())).toEqual([]);
  });

  it('would be missed in each of its types', async () => {
    const promised = JSON.parse(await textOf(PROMISE_FILE)) as PromisedSchemas;
    for (const name of Object.keys(promised)) {
      const { [name]: _, ...others } = promisedSchemas();
      expect(breakingChanges(promised, others)).toEqual([`${name}: is told no more`]);
    }
  });
});

const promises = promisedSchemas();
const types = Object.entries({ ...integrationEvents, people: peopleEvents }).flatMap(([group, schemas]) =>
  Object.entries<z.ZodType>(schemas).map(
    ([type, schema]) => [`${group}/${type}`, schema, promises[`${group}/${type}`]!] as const,
  ),
);

describe('a consumer built on these contracts', () => {
  test.each(types)('reads a newer %s, with members it does not know at every depth', (_, schema, promise) => {
    const known = sampleOf(promise, { optional: true });
    expect(schema.parse(withLaterMembers(known))).toEqual(schema.parse(known));
  });

  test.each(types)('reads an older %s, without what is optional', (_, schema, promise) => {
    const older = sampleOf(promise, { optional: false });
    expect(schema.parse(older)).toEqual(older);
  });

  test.each(types)('refuses a %s that lacks what is promised', (_, schema, promise) => {
    for (const missing of promise.required as string[]) {
      const { [missing]: _missing, ...rest } = sampleOf(promise, { optional: true }) as Record<
        string,
        unknown
      >;
      expect(() => schema.parse(rest)).toThrow(z.ZodError);
    }
  });
});
