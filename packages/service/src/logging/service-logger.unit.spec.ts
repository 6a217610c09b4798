import { expect, test } from '@jest/globals';
import type { Logger } from 'pino';
import { LogLines } from '../testing/log-lines.js';
import { withCorrelation } from './correlation.js';
import { serviceLogger } from './service-logger.js';

function written(write: (logger: Logger) => void): Record<string, unknown> {
  const lines = new LogLines();
  write(serviceLogger('intake', 'info', lines));
  return lines.all()[0]!;
}

const logged = (error: unknown) => written((logger) => logger.error({ err: error }, 'it broke'));

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

const TOKEN = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJtYXJpbyJ9.c2lnbmF0dXJl';

test.each([
  ['an address', 'no mailbox mario.rossi+sito@comune.example here', 'no mailbox <address> here'],
  ['an address of another alphabet', 'från: åsa@exämple.se', 'från: <address>'],
  ['an address between brackets', '<mario@comune.example>: unknown', '<<address>>: unknown'],
  ['a token', `refused ${TOKEN}.`, 'refused <token>.'],
  ['a header with a token', 'authorization: Bearer abc.def', 'authorization: Bearer <token>'],
  [
    'a password',
    'cannot reach postgres://ledger:s3cret@db:5432/x',
    'cannot reach postgres://ledger:<address>:5432/x',
  ],
  ['none of these', 'node_modules/@nestjs/core: 3 of 4 keys', 'node_modules/@nestjs/core: 3 of 4 keys'],
])('%s does not reach the log, in an error or in a field', (_, text, expected) => {
  const { err } = logged(new Error(text, { cause: new Error(text) }));
  expect(err).toMatchObject({ message: expected, cause: { message: expected } });
  expect((err as { stack: string }).stack).toContain(expected);
  expect(written((logger) => logger.warn({ failure: text }, 'it failed')).failure).toBe(expected);
});

test('a value that the database finds wrong is not repeated', () => {
  const wrong = Object.assign(new Error('invalid input syntax for type uuid: "Il testo\ndella mail"'), {
    code: '22P02',
  });
  expect(JSON.stringify(logged(wrong))).not.toContain('testo');
  expect(logged(wrong).err).toMatchObject({ message: 'invalid input syntax for type uuid' });
});

test('a line names the work that it belongs to, however deep inside', async () => {
  const lines = new LogLines();
  const logger = serviceLogger('intake', 'info', lines);
  logger.info('outside');
  await withCorrelation('first', async () => {
    const inner = withCorrelation('second', async () => {
      await Promise.resolve();
      logger.info('inner');
    });
    await inner;
    logger.info('again');
  });
  withCorrelation('x'.repeat(500), () => logger.info('long'));
  expect(lines.all().map(({ msg, correlationId }) => [msg, correlationId])).toEqual([
    ['outside', undefined],
    ['inner', 'second'],
    ['again', 'first'],
    ['long', 'x'.repeat(128)],
  ]);
});

test('a line below the level is not written', () => {
  const lines = new LogLines();
  serviceLogger('intake', 'warn', lines).info('answered');
  expect(lines.text).toBe('');
});
