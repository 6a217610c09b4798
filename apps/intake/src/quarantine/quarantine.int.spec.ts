import { describe, expect, it } from '@jest/globals';
import { takeInChargeDeadline } from '@monteore/calendar';
import { sha256Hex } from '@monteore/kernel';
import { NOWHERE, twoClients, VERA } from '../testing/two-clients.js';

const clients = twoClients();

describe('R8 quarantine', () => {
  const waiting = async (mailId: string) => {
    await clients.world.caughtUp();
    const { body: list } = await clients.get('/v1/quarantine?limit=200');
    return list.items.find((item: { mailId: string }) => item.mailId === mailId);
  };

  it('holds a viewer’s mail until a person releases it, with the deadline of its receipt', async () => {
    const {
      mailId,
      disposition,
      requestId: none,
    } = (await clients.deliver(clients.mail({ from: VERA.email }))).body;
    expect([disposition, none]).toEqual(['quarantined', undefined]);
    const held = await waiting(mailId);
    expect(held).toMatchObject({
      reason: 'viewer',
      from: { email: VERA.email },
      contactId: clients.vera.subject,
    });
    clients.world.clock.moveBy(3 * 86_400_000);
    const released = await clients.post(`/v1/quarantine/${mailId}/release`);
    expect(released.status).toBe(200);
    expect((await clients.get(`/v1/requests/${released.body.requestId}`)).body).toMatchObject({
      clientId: clients.comune,
      packageId: clients.sito,
      contactId: clients.vera.subject,
      receivedAt: held.receivedAt,
      takeInChargeBy: takeInChargeDeadline(held.receivedAt, ['2026-12-24']).takeInChargeBy,
    });
    expect(await waiting(mailId)).toBeUndefined();
    expect((await clients.post(`/v1/quarantine/${mailId}/discard`, { reason: 'x' })).body.code).toBe(
      'intake.mail-decided',
    );
    const again = await clients.deliver(clients.mail({ from: VERA.email }));
    expect(again.body).toMatchObject({ disposition: 'duplicate', requestId: released.body.requestId });
  });

  it('asks who an unknown sender is, or leaves the request for a person to assign', async () => {
    const { mailId } = (await clients.deliver(clients.mail({ from: 'new@comune.example' }))).body;
    expect((await clients.post(`/v1/quarantine/${mailId}/release`, { contactId: NOWHERE })).status).toBe(404);
    const named = await clients.post(`/v1/quarantine/${mailId}/release`, { contactId: clients.luca.subject });
    expect((await clients.get(`/v1/requests/${named.body.requestId}`)).body).toMatchObject({
      contactId: clients.luca.subject,
      packageId: clients.sito,
    });
    const other = (
      await clients.deliver(clients.mail({ from: 'new@elsewhere.example', subject: 'Sconosciuto' }))
    ).body;
    const open = await clients.post(`/v1/quarantine/${other.mailId}/release`, {});
    const taken = await clients.post(`/v1/requests/${open.body.requestId}/take-in-charge`, {
      packageId: clients.mostra,
    });
    expect(taken.body).toMatchObject({
      clientId: clients.museo,
      packageId: clients.mostra,
      state: 'taken-in-charge',
    });
  });

  it('discards with a reason and keeps the raw mail', async () => {
    const raw = clients.mail({ from: 'spam@elsewhere.example' });
    const { mailId } = (await clients.deliver(raw)).body;
    expect((await clients.post(`/v1/quarantine/${mailId}/discard`, {})).status).toBe(400);
    expect((await clients.post(`/v1/quarantine/${mailId}/discard`, { reason: 'pubblicità' })).status).toBe(
      200,
    );
    expect(await waiting(mailId)).toBeUndefined();
    expect((await clients.post(`/v1/quarantine/${mailId}/release`)).status).toBe(409);
    expect(sha256Hex((await clients.get(`/v1/inbound-mail/${mailId}/raw`)).bytes)).toBe(sha256Hex(raw));
  });

  it('knows only what waits', async () => {
    const { mailId } = (await clients.deliver(clients.mail())).body;
    for (const id of [mailId, NOWHERE]) {
      expect((await clients.post(`/v1/quarantine/${id}/release`)).status).toBe(404);
      expect((await clients.post(`/v1/quarantine/${id}/discard`, { reason: 'x' })).status).toBe(404);
    }
    expect((await clients.post('/v1/quarantine/7/release')).status).toBe(400);
  });
});
