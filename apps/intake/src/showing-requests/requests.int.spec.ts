import { describe, expect, it } from '@jest/globals';
import { NOWHERE, twoClients } from '../testing/two-clients.js';

const clients = twoClients();

describe('R17 who sees which request', () => {
  it('a contact sees those of its own client, and a foreign one like one that is not there', async () => {
    const { requestId } = await clients.send();
    expect(await clients.titlesSeenBy(clients.luca)).toContain(`Prova ${clients.made}`);
    expect(await clients.titlesSeenBy(clients.vera)).toContain(`Prova ${clients.made}`);
    expect(await clients.titlesSeenBy(clients.mia)).toEqual([]);
    for (const path of ['', '/raw']) {
      const foreign = await clients.get(`/v1/requests/${requestId}${path}`, clients.mia);
      const unknown = await clients.get(`/v1/requests/${NOWHERE}${path}`, clients.mia);
      expect(foreign.status).toBe(404);
      expect({ ...foreign.body, traceId: '' }).toEqual({ ...unknown.body, traceId: '' });
    }
    expect(await clients.titlesSeenBy(clients.mia, `&packageId=${clients.sito}`)).toEqual([]);
  });

  it('contacts change nothing and see no quarantine', async () => {
    const { requestId } = await clients.send();
    for (const path of ['take-in-charge', 'split', 'dismissal']) {
      expect((await clients.post(`/v1/requests/${requestId}/${path}`, {}, clients.luca)).status).toBe(403);
    }
    for (const path of ['quarantine', 'inbound-mail', 'replies']) {
      expect((await clients.get(`/v1/${path}`, clients.luca)).status).toBe(403);
    }
  });

  it('lists by state and package, newest first, page by page', async () => {
    const first = await clients.send();
    const second = await clients.send();
    await clients.post(`/v1/requests/${first.requestId}/dismissal`, { reason: 'prova' });
    await clients.world.caughtUp();
    const dismissed = await clients.get(`/v1/requests?state=dismissed&packageId=${clients.sito}`);
    expect(dismissed.body.items.map((item: { requestId: string }) => item.requestId)).toContain(
      first.requestId,
    );
    const page = await clients.get('/v1/requests?limit=1');
    expect(page.body.items[0].requestId).toBe(second.requestId);
    const next = await clients.get(`/v1/requests?limit=1&cursor=${page.body.nextCursor}`);
    expect(next.body.items[0].requestId).toBe(first.requestId);
    for (const query of ['limit=0', 'limit=201', 'cursor=x', 'state=lost', 'packageId=7']) {
      expect((await clients.get(`/v1/requests?${query}`)).status).toBe(400);
    }
  });

  it.each(['/v1/requests/7', '/v1/requests/7/raw'])('answers 400 for %s', async (path) => {
    expect((await clients.get(path)).status).toBe(400);
  });

  it('says that a request that was no mail has none', async () => {
    const { requestId } = await clients.send();
    expect((await clients.get(`/v1/requests/${requestId}/raw`)).body.code).toBe('intake.no-raw-mail');
  });
});
