import { UnavailableError, UnknownError } from '@eventstore/db-client';
import { Metadata, status } from '@grpc/grpc-js';
import { expect, test } from '@jest/globals';
import { StoreUnavailableError } from '../port.js';
import { asStoreError, classify, NoAnswerError, NotReachedError } from './errors.js';

const failure = (code: status, details = '') =>
  Object.assign(new Error(details), { code, details, metadata: new Metadata() });

test.each<[ReturnType<typeof classify>, string, unknown]>([
  [
    'unclear',
    'a dropped connection',
    new UnavailableError(failure(status.UNAVAILABLE, 'Connection dropped')),
  ],
  ['unclear', 'a reset connection', new UnavailableError(failure(status.UNAVAILABLE, 'read ECONNRESET'))],
  // As the client gives it while the server is down: no class of its own.
  [
    'not-sent',
    'no connection',
    failure(status.UNAVAILABLE, 'No connection established. Last error: connect'),
  ],
  [
    'not-sent',
    'an unknown host',
    failure(status.UNAVAILABLE, 'Name resolution failed for target dns:nowhere'),
  ],
  ['unclear', 'a stopping server', new UnknownError(failure(status.INTERNAL, 'Received RST_STREAM'))],
  ['unclear', 'a call that the server cancels', failure(status.CANCELLED, 'Call cancelled')],
  ['unclear', 'a deadline', failure(status.DEADLINE_EXCEEDED)],
  ['unclear', 'too many calls', failure(status.RESOURCE_EXHAUSTED)],
  ['unclear', 'no leader', failure(status.UNKNOWN, 'No leader info available in response')],
  ['unclear', 'another leader', failure(status.NOT_FOUND, 'Leader info available')],
  ['unclear', 'no answer', new NoAnswerError('no answer')],
  ['not-sent', 'no server', new NotReachedError('no server was found')],
  ['permanent', 'no right', failure(status.PERMISSION_DENIED, 'Access Denied')],
  ['permanent', 'no name', failure(status.UNAUTHENTICATED)],
  ['permanent', 'an old server', failure(status.UNIMPLEMENTED)],
  ['permanent', 'a tombstone', failure(status.FAILED_PRECONDITION, "Event stream 'x' is deleted.")],
  ['permanent', 'a mistake of ours', new TypeError('a mistake of ours')],
  ['permanent', 'no error at all', 'no error at all'],
])('%s: %s', (expected, _, error) => {
  expect(classify(error)).toBe(expected);
  const told = asStoreError(error);
  if (expected === 'permanent') expect(told).toBe(error);
  else expect(told).toMatchObject({ name: 'StoreUnavailableError', cause: error });
  expect(told instanceof StoreUnavailableError).toBe(expected !== 'permanent');
});
