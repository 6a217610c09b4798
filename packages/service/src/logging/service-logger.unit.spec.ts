import { Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { serviceLogger } from './service-logger.js';

function logged(error: unknown): Record<string, unknown> {
  const lines: string[] = [];
  const destination = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(String(chunk));
      done();
    },
  });
  serviceLogger('intake', 'info', destination).error({ err: error }, 'it broke');
  return JSON.parse(lines.join('')) as Record<string, unknown>;
}

test('an error is logged by what it is, not with the values that met it', () => {
  const driver = Object.assign(new Error('null value in column "from_email"'), {
    code: '23502',
    detail: 'Failing row contains (mario.rossi@comune.example, Mario Rossi).',
  });
  const failed = Object.assign(new Error('null value in column "from_email"', { cause: driver }), {
    name: 'QueryFailedError',
    query: 'INSERT INTO requests VALUES ($1)',
    parameters: ['mario.rossi@comune.example', 'Il testo della mail'],
    driverError: driver,
  });
  const line = logged(failed);
  expect(line).toMatchObject({
    name: 'intake',
    msg: 'it broke',
    err: { type: 'QueryFailedError', message: failed.message, cause: { type: 'Error', code: '23502' } },
  });
  expect(String((line.err as { stack: string }).stack)).toContain('service-logger.unit.spec');
  expect(JSON.stringify(line)).not.toMatch(/mario|testo/i);
});

test('what was thrown and is no error is named by its kind only', () => {
  expect(logged('mario.rossi@comune.example').err).toEqual({ type: 'string' });
});
