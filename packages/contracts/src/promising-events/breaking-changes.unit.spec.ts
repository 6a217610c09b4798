import { describe, expect, it, test } from '@jest/globals';
import { breakingChanges } from './breaking-changes.js';
import type { JsonSchema } from './promised-schemas.js';

const object = (properties: Record<string, JsonSchema>, required = Object.keys(properties)): JsonSchema => ({
  type: 'object',
  properties,
  required,
});
const string = { type: 'string' };
const minutes = { type: 'integer' };

const changes = (promised: JsonSchema, current: JsonSchema) =>
  breakingChanges({ 'ledger/Told': promised }, { 'ledger/Told': current });
const member = (promised: JsonSchema, current: JsonSchema) =>
  changes(object({ a: promised }), object({ a: current }));

describe('what a consumer of v1 would stumble over', () => {
  it('is a type that is told no more, also under another service', () => {
    const told = { 'ledger/Told': object({}) };
    expect(breakingChanges(told, {})).toEqual(['ledger/Told: is told no more']);
    expect(breakingChanges(told, { 'intake/Told': object({}) })).toEqual(['ledger/Told: is told no more']);
  });

  test.each<[string, JsonSchema, JsonSchema, string]>([
    ['a member is gone', object({ a: string, b: string }), object({ a: string }), '.b: is gone'],
    ['an optional member is gone', object({ a: string }, []), object({}), '.a: is gone'],
    ['a member is renamed', object({ a: string }), object({ b: string }), '.a: is gone'],
    [
      'a required member may be absent',
      object({ a: string }),
      object({ a: string }, []),
      '.a: was always there, may be absent',
    ],
    [
      'a member inside is gone',
      object({ a: object({ b: string }) }),
      object({ a: object({}) }),
      '.a.b: is gone',
    ],
    [
      'a member inside a list may be absent',
      object({ a: { type: 'array', items: object({ b: string }) } }),
      object({ a: { type: 'array', items: object({ b: string }, []) } }),
      '.a[].b: was always there, may be absent',
    ],
  ])('is that %s', (_, promised, current, complaint) => {
    expect(changes(promised, current)).toEqual([`ledger/Told${complaint}`]);
  });

  test.each<[string, JsonSchema, JsonSchema, string]>([
    ['another type', minutes, string, 'was of type "integer", is of type "string"'],
    [
      'null beside its type',
      string,
      { anyOf: [string, { type: 'null' }] },
      'was of type "string", is of type not said',
    ],
    ['a lost value', { enum: ['x', 'y'] }, { enum: ['x'] }, 'lost the value "y"'],
    ['a new value', { enum: ['x'] }, { enum: ['x', 'y'] }, 'has a new value "y"'],
    ['a new value beside its only one', { const: 'x' }, { enum: ['x', 'y'] }, 'has a new value "y"'],
    ['any value', { ...string, enum: ['x'] }, string, 'was one of ["x"], may be anything'],
    ['a smaller minimum', { minimum: 1 }, { minimum: 0 }, 'minimum was 1, is 0'],
    ['no maximum', { maximum: 100 }, {}, 'maximum was 100, is not said'],
    ['a longer list', { maxItems: 3 }, { maxItems: 4 }, 'maxItems was 3, is 4'],
    ['another pattern', { pattern: 'a' }, { pattern: 'b' }, 'pattern was "a", is "b"'],
    ['no format', { ...string, format: 'date-time' }, string, 'format was "date-time", is not said'],
    ['a keyword nobody thought of', { anyOf: [string] }, { anyOf: [minutes] }, 'anyOf was'],
  ])('is a member with %s', (_, promised, current, complaint) => {
    const found = member(promised, current);
    expect(found).toEqual([expect.stringContaining(`ledger/Told.a: ${complaint}`)]);
  });

  it('is told of every place at once', () => {
    const found = changes(object({ a: string, b: minutes, c: string }), object({ a: minutes, b: minutes }));
    expect(found).toEqual([
      'ledger/Told.c: is gone',
      'ledger/Told.a: was of type "string", is of type "integer"',
    ]);
  });
});

describe('what a consumer of v1 does not notice', () => {
  it('is a new type', () => {
    expect(breakingChanges({}, { 'ledger/Told': object({}) })).toEqual([]);
  });

  test.each<[string, JsonSchema, JsonSchema]>([
    ['a new optional member', object({ a: string }), object({ a: string, b: string }, ['a'])],
    ['a new required member', object({ a: string }), object({ a: string, b: string })],
    ['a new member with values of its own', object({ a: string }), object({ a: string, b: { enum: ['x'] } })],
    ['an optional member that is always there', object({ a: string }, []), object({ a: string })],
    ['a narrower bound', object({ a: { minimum: 0 } }), object({ a: { minimum: 1 } })],
    [
      'a bound where there was none',
      object({ a: minutes }),
      object({ a: { ...minutes, maximum: 9, minimum: 1 } }),
    ],
    ['another order of the values', object({ a: { enum: ['x', 'y'] } }), object({ a: { enum: ['y', 'x'] } })],
    ['another description', { ...string, description: 'a' }, { ...string, description: 'b', title: 'c' }],
  ])('is %s', (_, promised, current) => {
    expect(changes(promised, current)).toEqual([]);
  });
});
