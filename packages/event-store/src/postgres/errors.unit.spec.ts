import { expect, test } from '@jest/globals';
import pg from 'pg';
import { StoreUnavailableError } from '../port.js';
import { asStoreError, classify } from './errors.js';

const fromServer = (code: string) => Object.assign(new pg.DatabaseError('m', 1, 'error'), { code });
const fromSystem = (code: string) => Object.assign(new Error('m'), { code });

test.each([
  ['08006', 'unclear'],
  ['57P01', 'unclear'],
  ['57P02', 'unclear'],
  ['53300', 'unavailable'],
  ['53100', 'unavailable'],
  ['57P03', 'unavailable'],
  ['57014', 'unavailable'],
  ['40001', 'unavailable'],
  ['25006', 'unavailable'],
  ['23505', 'permanent'],
  ['42501', 'permanent'],
  ['28P01', 'permanent'],
  ['22P02', 'permanent'],
])('SQLSTATE %s is %s', (code, failure) => {
  expect(classify(fromServer(code))).toBe(failure);
});

test.each([
  [fromSystem('ECONNREFUSED'), 'unclear'],
  [fromSystem('ECONNRESET'), 'unclear'],
  [fromSystem('EPIPE'), 'unclear'],
  [new AggregateError([], ''), 'permanent'],
  [Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' }), 'unclear'],
  [new Error('Connection terminated unexpectedly'), 'unclear'],
  [new Error('Query read timeout'), 'unclear'],
  [new Error('timeout exceeded when trying to connect'), 'unclear'],
  [new Error('Client was closed and is not queryable'), 'unclear'],
  [new TypeError('x is not a function'), 'permanent'],
  ['text', 'permanent'],
])('%s is %s', (error, failure) => {
  expect(classify(error)).toBe(failure);
});

test('callers get StoreUnavailableError for what passes and the error itself for what does not', () => {
  const passing = fromServer('57P03');
  expect(asStoreError(passing)).toMatchObject({ name: 'StoreUnavailableError', cause: passing });
  const known = new StoreUnavailableError('x');
  expect(asStoreError(known)).toBe(known);
  const mistake = fromServer('23505');
  expect(asStoreError(mistake)).toBe(mistake);
});
