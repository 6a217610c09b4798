import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { derivedId } from '@monteore/kernel';
import type { StartedService } from '@monteore/service/testing';
import { type TestDatabase, testDatabase } from '@monteore/testing';
import { estimationStory, idsOf, ledgerStory, peopleStory } from '../testing/package-story.js';
import { sheetNamesOf } from '../testing/sheets.js';
import { startReporting } from '../testing/started-reporting.js';

const HOUR_MILLIS = 3_600_000;
const { packageId, approverId, viewerId, gated } = idsOf('museo');

let database: TestDatabase;
let reporting: StartedService;
const ledger = ledgerStory('museo');
const told = ledger.told.length;

beforeAll(async () => {
  database = await testDatabase();
  reporting = await startReporting(database.url);
  const estimation = estimationStory('museo').says('ActivityReassigned', gated, {
    title: '<script>alert(1)</script>',
    displayTitle: '<script>alert(1)</script> (extra)',
  });
  await reporting.publish(...peopleStory('museo').told, ...ledger.told.slice(0, told), ...estimation.told);
});
afterAll(async () => {
  await reporting.stop();
  await database.drop();
});

const linkFor = (contactId: string, aliveMillis = HOUR_MILLIS, of = packageId) =>
  reporting.links.sign('board', { packageId: of, contactId }, new Date(Date.now() + aliveMillis));

const open = async (token: string, headers: Record<string, string> = {}) =>
  reporting.get(`/v1/board-links/${token}`, undefined, headers);

describe('R11 the personal link to the board', () => {
  it('shows R10 in the contact’s language, without a script', async () => {
    const page = await open(await linkFor(approverId));
    expect(page.status).toBe(200);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    expect(page.headers['referrer-policy']).toBe('no-referrer');
    for (const shown of [
      '<html lang="it">',
      'Pacchetto museo',
      'Disponibili</span><b>7 h 30 min',
      'Addebitate</span><b>2 h',
      'Prenotate</span><b>30 min',
      'In attesa di approvazione</span><b>1 h 30 min',
      'style="flex:450 1 0"',
      'giovedì 31 dicembre 2026',
      'Refuso (extra)',
      'venerdì 20 marzo 2026 (rigida)',
      'Tempo oltre la stima',
      'servono 15 h; quando sono state chieste mancavano 7 h 30 min',
    ]) {
      expect(page.text).toContain(shown);
    }
    expect(page.text).not.toMatch(/<script|javascript:/i);
    expect(page.text).toContain('&lt;script&gt;alert(1)&lt;/script&gt; (extra)');
  });

  it('speaks English to whom it should, whatever the browser asks for', async () => {
    const page = await open(await linkFor(viewerId), { 'accept-language': 'it' });
    expect(page.text).toContain('<html lang="en">');
    expect(page.text).toContain('Available</span><b>7 h 30 min');
    expect(page.text).toContain('Friday 20 March 2026 (rigid)');
  });

  it('leads to the spreadsheet, by a way that works behind a prefix', async () => {
    const token = await linkFor(viewerId);
    expect((await open(token)).text).toContain(`href="${token}/export.xlsx"`);
    const file = await reporting.get(`/v1/board-links/${token}/export.xlsx`);
    expect(file.status).toBe(200);
    expect(sheetNamesOf(file.bytes)).toEqual(['Activities', 'Movements', 'Summary']);
  });

  it('says that it has expired and what to do', async () => {
    const page = await open(await linkFor(approverId, -HOUR_MILLIS), { 'accept-language': 'en-GB,en;q=0.9' });
    expect(page.status).toBe(410);
    expect(page.text).toContain('This link has expired');
    expect(page.text).toContain('ask for a new one');
    expect(page.text).not.toContain('museo');
  });

  it('gives a forged one, one for another purpose, an unknown package and a stranger the same page', async () => {
    const real = await linkFor(approverId);
    const other = await reporting.links.sign(
      'overrun',
      { packageId, overrunId: derivedId('o'), contactId: approverId },
      new Date(Date.now() + HOUR_MILLIS),
    );
    const pages = await Promise.all([
      open('nonsense'),
      open(`${real.slice(0, -4)}AAAA`),
      open(other),
      open(await linkFor(approverId, HOUR_MILLIS, derivedId('nothing'))),
      open(await linkFor(derivedId('stranger'))),
    ]);
    expect(pages.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404]);
    expect(new Set(pages.map(({ text }) => text)).size).toBe(1);
    expect(pages[0]?.text).toContain('Questo collegamento non è valido');
    expect((await reporting.get('/v1/board-links/nonsense/export.xlsx')).status).toBe(404);
  });

  it('opens nothing any more when its contact has lost the role', async () => {
    const token = await linkFor(viewerId);
    expect((await open(token)).status).toBe(200);
    ledger.contact(viewerId, [], 'en');
    await reporting.publish(...ledger.told.slice(told));
    expect((await open(token)).status).toBe(404);
    expect((await reporting.get(`/v1/board-links/${token}/export.xlsx`)).status).toBe(404);
  });
});
