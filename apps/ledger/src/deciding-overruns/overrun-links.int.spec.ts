import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, StartedService } from '@monteore/service/testing';
import { eventually, testDatabase } from '@monteore/testing';
import { ledgerService } from '../ledger.service.js';
import { SetClock, StartedLedger } from '../testing/started-ledger.js';

let ledger: StartedLedger;
beforeAll(async () => {
  ledger = await StartedLedger.start(new SetClock('2026-11-24T09:00:00.000Z'));
}, 60_000);
afterAll(() => ledger.stop());

const HOUR = 3_600_000;
type Links = Pick<StartedService, 'links'>;

/** An overrun of 30 minutes on a package with `minutes`, and a link to it. */
async function linkTo(minutes: number, contactId = ledger.approverId) {
  const { packageId, path, activityId } = await ledger.open(minutes);
  const { overrunId } = (await ledger.work(path, activityId, 30)).body;
  const sign = (by: Links = ledger.service, hours = 1, linkId: string = randomUUID()) =>
    by.links.sign(
      'overrun',
      { packageId, overrunId, contactId },
      new Date(Date.now() + hours * HOUR),
      linkId,
    );
  return { packageId, path, overrunId, sign, url: `/v1/overrun-links/${await sign()}` };
}

const page = (url: string): Promise<Answer> =>
  ledger.service.call('GET', url, { headers: { accept: 'text/html,*/*' } });
const press = (url: string, form: Record<string, string>): Promise<Answer> =>
  ledger.service.call('POST', url, {
    body: new URLSearchParams(form).toString(),
    headers: { accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded' },
  });

describe('R6 the link of an overrun', () => {
  it('shows the numbers and two buttons in the contact’s language, and decides nothing by being opened', async () => {
    const { url, path } = await linkTo(120);
    const shown = await page(url);
    expect(shown.status).toBe(200);
    expect(shown.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    });
    for (const text of [
      'lang="it"',
      'Banner',
      'Sito 2026',
      'lunedì 23 novembre 2026',
      '30 min',
      '2 h',
      '1 h 30 min',
    ])
      expect(shown.text).toContain(text);
    expect(shown.text.match(/<button[^>]*name="decision" value="(charge|refuse)"/g)).toHaveLength(2);
    expect(shown.text).not.toContain('<script');
    expect((await ledger.get(path)).body.overruns[0].state).toBe('open');
  });

  it('charges once, as that contact, and shows afterwards what was decided', async () => {
    const { url, path } = await linkTo(120);
    const pressed = await press(url, { decision: 'charge', reason: 'va bene' });
    expect([pressed.status, pressed.text.includes('Addebitate sul pacchetto.')]).toEqual([200, true]);
    const view = (await ledger.get(path)).body;
    expect([view.postedMinutes, view.overruns[0].state]).toEqual([90, 'charged']);
    const items = (await ledger.get(`${path}/entries`)).body.items;
    expect(items.at(-1)).toMatchObject({
      type: 'OverrunDecided',
      actor: { subject: ledger.approverId, role: 'approver' },
      facts: { reason: 'va bene' },
    });
    expect((await press(url, { decision: 'charge' })).status).toBe(200);
    const opposite = await press(url, { decision: 'refuse' });
    expect([opposite.status, opposite.text.includes('Addebitate sul pacchetto.')]).toEqual([409, true]);
    const later = await page(url);
    expect(later.text).toContain('Decisione di Anna Bianchi, martedì 24 novembre 2026, ore 10:00.');
    expect(later.text).not.toContain('<button');
    expect((await ledger.get(`${path}/entries`)).body.items).toHaveLength(items.length);
  });

  it('keeps a no with a reason even where none was given', async () => {
    const { url, path } = await linkTo(120);
    expect((await press(url, { decision: 'refuse', reason: '' })).text).toContain('Non accettate');
    const item = (await ledger.get(`${path}/entries`)).body.items.at(-1);
    expect(item.facts).toMatchObject({
      outcome: 'refused',
      reason: 'Deciso con il collegamento ricevuto per e-mail',
    });
    expect((await press(url, { decision: 'charge' })).status).toBe(409);
  });

  it('says that the hours do not suffice, and charges once they do', async () => {
    const { url, path } = await linkTo(20);
    const tooFew = await press(url, { decision: 'charge' });
    expect([tooFew.status, tooFew.text.includes('Le ore disponibili non bastano')]).toEqual([422, true]);
    await ledger.post(`${path}/lots`, { minutes: 10 });
    expect((await press(url, { decision: 'charge' })).status).toBe(200);
  });

  it('gives a program JSON', async () => {
    const { url, packageId, overrunId } = await linkTo(120);
    const shown = await ledger.service.call('GET', url);
    expect(shown.body).toMatchObject({
      packageId,
      overrunId,
      state: 'open',
      minutes: 30,
      availableMinutes: 120,
      leftMinutes: 90,
    });
    const decided = await ledger.service.call('POST', url, { body: { decision: 'charge' } });
    expect([decided.status, decided.body.state]).toEqual([200, 'charged']);
    const opposite = await ledger.service.call('POST', url, { body: { decision: 'refuse' } });
    expect([opposite.status, opposite.body.code]).toEqual([409, 'ledger.overrun-settled']);
    expect((await ledger.service.call('POST', url, { body: { decision: 'absorb' } })).status).toBe(400);
  });

  it('speaks English to who reads English', async () => {
    const path = `/v1/clients/${ledger.clientId}/contacts`;
    const body = { name: 'Ed', email: 'ed@comune.example', roles: ['approver'], language: 'en' };
    const { body: ed, headers } = await ledger.post(path, body);
    await ledger.get(`/v1/clients/${ledger.clientId}`, ledger.admin, {
      'monteore-position': String(headers['monteore-position']),
    });
    const { url } = await linkTo(120, ed.contactId);
    expect((await page(url)).text).toContain('Charge to the package');
  });
});

describe('R5 a link that opens nothing tells nothing', () => {
  const closed = async (token: string) => {
    const url = `/v1/overrun-links/${token}`;
    for (const answer of [await page(url), await press(url, { decision: 'charge' })]) {
      expect(answer.status).toBe(404);
      expect(answer.text).toContain('Questo collegamento non apre nulla');
      expect(answer.text).toContain('This link opens nothing');
      expect(answer.text).not.toMatch(/Banner|Sito 2026|30 min/);
    }
    const program = await ledger.service.call('GET', url);
    expect([program.status, program.body.code]).toEqual([404, 'ledger.link-unknown']);
  };

  it('forged with another installation’s key', async () => {
    const { sign } = await linkTo(60);
    const database = await testDatabase();
    const other = await StartedService.start({ definition: ledgerService, databaseUrl: database.url });
    const forged = await sign(other);
    await other.stop();
    await database.drop();
    await closed(forged);
  });

  it('expired, of another purpose, an access token, or rubbish', async () => {
    const { sign, packageId } = await linkTo(60);
    await closed(await sign(ledger.service, -1));
    const board = { packageId, contactId: ledger.approverId };
    await closed(await ledger.service.links.sign('board', board, new Date(Date.now() + HOUR)));
    await closed(ledger.service.token('approver', ledger.approverId));
    await closed('rubbish');
  });

  it('of somebody who is no approver, or not any more', async () => {
    await closed(await (await linkTo(60, ledger.viewerId)).sign());
    const path = `/v1/clients/${ledger.clientId}/contacts`;
    const body = { name: 'Ida', email: 'ida@comune.example', roles: ['approver'] };
    const { contactId } = (await ledger.post(path, body)).body;
    const { url, sign } = await linkTo(60, contactId);
    await eventually(async () => (await page(url)).status === 200, 'the new approver’s link');
    const { headers } = await ledger.post(
      `${path}/${contactId}`,
      { roles: ['viewer'] },
      ledger.admin,
      {},
      'PATCH',
    );
    await ledger.get('/v1/packages', ledger.admin, {
      'monteore-position': String(headers['monteore-position']),
    });
    await closed(await sign());
  });
});
