import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SetClock, StartedLedger } from '../testing/started-ledger.js';

/** Tuesday 24 November 2026, 10:00 in Rome. */
const clock = new SetClock('2026-11-24T09:00:00.000Z');
let ledger: StartedLedger;
beforeAll(async () => {
  ledger = await StartedLedger.start(clock);
}, 60_000);
afterAll(() => ledger.stop());

describe('clients and contacts', () => {
  it('are registered, shown, added and changed', async () => {
    const { clientId, approverId } = ledger;
    const shown = await ledger.get(`/v1/clients/${clientId}`);
    expect(shown.status).toBe(200);
    expect(shown.body).toEqual({
      clientId,
      name: 'Comune di Prova',
      language: 'it',
      contacts: [
        {
          contactId: approverId,
          name: 'Anna Bianchi',
          email: 'anna@comune.example',
          roles: ['approver'],
          language: 'it',
          active: true,
        },
        {
          contactId: ledger.viewerId,
          name: 'Vera Rossi',
          email: 'v-anna@comune.example',
          roles: ['viewer'],
          language: 'en',
          active: true,
        },
      ],
    });
    const added = await ledger.post(`/v1/clients/${clientId}/contacts`, {
      name: 'Nuovo',
      email: 'Nuovo@Comune.Example',
      roles: ['requester', 'viewer'],
    });
    expect(added.status).toBe(201);
    const path = `/v1/clients/${clientId}/contacts/${added.body.contactId}`;
    const changed = await ledger.post(path, { active: false, name: 'Nuova' }, ledger.admin, {}, 'PATCH');
    expect(changed.body).toMatchObject({ name: 'Nuova', email: 'nuovo@comune.example', active: false });
  });

  it('keep nothing of a call that is refused', async () => {
    const path = `/v1/clients/${ledger.clientId}/contacts`;
    const key = { 'idempotency-key': randomUUID() };
    const contact = { name: 'Carla', email: 'carla@comune.example', roles: ['viewer'] };
    await ledger.post(path, contact, ledger.admin, key);
    const reused = await ledger.post(path, { ...contact, name: 'Altra' }, ledger.admin, key);
    expect([reused.status, reused.body.code]).toEqual([422, 'service.idempotency-key-reused']);
    const stale = await ledger.post(path, { ...contact, name: 'Terza' }, ledger.admin, { 'if-match': '"1"' });
    expect([stale.status, stale.body.code]).toEqual([412, 'service.changed-meanwhile']);
    const { body } = await ledger.get(`/v1/clients/${ledger.clientId}`);
    expect(body.contacts.find((one: { email: string }) => one.email === contact.email).name).toBe('Carla');
  });

  it('are erased by an administrator: nothing is known of them, and what they were stays', async () => {
    const path = `/v1/clients/${ledger.clientId}/contacts`;
    const body = { name: 'Ugo Verdi', email: 'ugo@comune.example', roles: ['approver'] };
    const { contactId } = (await ledger.post(path, body)).body;
    const erasure = `${path}/${contactId}/erasure`;
    expect((await ledger.post(erasure, {}, ledger.service.token('referent'))).status).toBe(403);
    expect((await ledger.post(`${path}/${randomUUID()}/erasure`, {})).status).toBe(404);
    expect((await ledger.post(erasure, {})).body).toEqual({ contactId, erased: true });
    const { contacts } = (await ledger.get(`/v1/clients/${ledger.clientId}`)).body;
    expect(contacts.find((one: { contactId: string }) => one.contactId === contactId)).toEqual({
      contactId,
      name: '',
      email: '',
      roles: [],
      language: 'it',
      active: false,
    });
  });

  it('refuse an address that is named twice, whatever its letter case', async () => {
    const contact = (email: string) => ({ name: 'X', email, roles: [] });
    const answer = await ledger.post('/v1/clients', {
      name: 'Doppio',
      contacts: [contact('x@y.example'), contact('X@Y.example')],
    });
    expect([answer.status, answer.body.errors]).toEqual([
      400,
      [{ pointer: '/contacts/1/email', detail: 'the same address is named twice' }],
    ]);
  });
});
