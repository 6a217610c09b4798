import { describe, expect, test } from '@jest/globals';
import { zEnvelope } from '@monteore/contracts';
import { encodeMessage, type Message } from '@monteore/messaging';

const message: Message = {
  id: 'message',
  source: 'monteore.ledger/store',
  type: 'WorkCharged',
  key: 'client',
  position: 7n,
  time: '2026-03-02T09:00:00.000Z',
  data: { chargedMinutes: 30 },
  correlationId: 'request',
};

describe('a message on its topic', () => {
  test.each<[string, Message]>([
    ['with all it may carry', { ...message, causationId: 'cause', traceparent: `00-${'a'.repeat(32)}-01` }],
    ['with the least', message],
  ])('%s has the promised envelope and nothing beside it', (_, told) => {
    const sent = JSON.parse(encodeMessage(told));
    expect(zEnvelope.strict().parse(sent)).toEqual(sent);
    expect(sent).toMatchObject({ subject: 'client', partitionkey: 'client', position: '7' });
  });
});
