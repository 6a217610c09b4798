import { describe, expect, it } from '@jest/globals';
import { sha256Hex } from '@monteore/kernel';
import { LUCA, twoClients, VERA } from '../testing/two-clients.js';

const clients = twoClients();

describe('a person who is erased', () => {
  it('leaves no address, name or text at intake, and the others’ stay', async () => {
    const { world } = clients;
    const secret = 'Il mio numero è 333 1234567, chiamatemi.';
    const raw = clients.mail({ text: secret });
    const again = clients.mail({ text: secret, headers: ['Received: from elsewhere'] });
    const { requestId } = (await clients.deliver(raw)).body;
    expect((await clients.deliver(again)).body.disposition).toBe('duplicate');
    const inReplyTo = [`In-Reply-To: <posta.${clients.made}@comune.example>`];
    const own = clients.mail({
      subject: 'Re: Posta',
      text: secret,
      headers: inReplyTo,
      messageId: 'own@comune.example',
    });
    const others = clients.mail({
      from: VERA.email,
      subject: 'Re: Posta',
      text: 'Grazie da Vera.',
      headers: inReplyTo,
      messageId: 'vera@comune.example',
    });
    for (const reply of [own, others]) expect((await clients.deliver(reply)).body.disposition).toBe('reply');
    const sent = await clients.send({ text: secret });
    await world.caughtUp();
    await world.erasePerson(clients.luca.subject);

    const left = () =>
      world.query<{ kept: string }>(
        `SELECT convert_from(bytes, 'UTF8') AS kept FROM blobs.blobs
         UNION ALL SELECT to_jsonb(r)::text FROM requests r UNION ALL SELECT to_jsonb(r)::text FROM replies r
         UNION ALL SELECT to_jsonb(m)::text FROM mails m UNION ALL SELECT to_jsonb(p)::text FROM people p`,
      );
    await world.until(async () => (await left()).every(({ kept }) => !kept.includes('333 1234567')));
    await world.until(async () => (await left()).every(({ kept }) => !kept.includes(LUCA.email)));
    expect((await left()).some(({ kept }) => kept.includes('Grazie da Vera.'))).toBe(true);

    for (const id of [requestId, sent.requestId]) {
      const { body } = await clients.get(`/v1/requests/${id}`);
      expect(body).toMatchObject({
        requestId: id,
        from: { email: '' },
        subject: '',
        text: '',
        state: 'received',
      });
    }
    const { replies } = (await clients.get(`/v1/requests/${requestId}`)).body;
    expect(replies.map(({ text }: { text: string }) => text)).toEqual(['', 'Grazie da Vera.']);
    expect((await clients.get(`/v1/requests/${requestId}/raw`)).status).toBe(404);
    expect(await world.service.core.blobs.get(sha256Hex(others))).not.toBeNull();
  });
});
