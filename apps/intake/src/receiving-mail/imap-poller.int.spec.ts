import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sha256Hex } from '@monteore/kernel';
import { type TestDatabase, testDatabase } from '@monteore/testing';
import { ImapServer } from '../testing/imap-server.js';
import { IntakeWorld } from '../testing/intake-world.js';
import { LUCA, REFERENT, TEAM } from '../testing/two-clients.js';
import { writtenMail } from '../testing/written-mail.js';

let database: TestDatabase;
let imap: ImapServer;
let world: IntakeWorld;

beforeAll(async () => {
  database = await testDatabase();
  imap = await ImapServer.start();
  world = await IntakeWorld.start(database.url, {
    imap: [{ url: imap.url, pollEveryMillis: 50 }],
  });
  const contacts = [LUCA];
  const clientId = await world.registerClient({ key: 'comune', name: 'Comune', language: 'it', contacts });
  await world.openPackage(clientId, 'Sito', REFERENT);
}, 60_000);

afterAll(async () => {
  await world?.stop();
  await imap?.stop();
  await database?.drop();
});

describe('R8 mails that another server keeps', () => {
  it('are fetched, taken with the moment of their receipt, and marked seen', async () => {
    const raw = writtenMail({ from: LUCA.email, subject: 'Dalla casella', text: 'Città.', messageId: 'a@c' });
    imap.add(raw, '10-Nov-2026 10:30:00 +0100');
    imap.add(
      Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0xff, 0xfe]),
      '10-Nov-2026 10:31:00 +0100',
    );
    imap.add(raw, '10-Nov-2026 10:32:00 +0100');
    await world.until(async () => imap.mails.every((mail) => mail.isSeen));
    await world.caughtUp();
    const { body } = await world.call(TEAM, 'GET', '/v1/requests');
    expect(body.items).toHaveLength(1);
    expect(body.items[0]).toMatchObject({
      subject: 'Dalla casella',
      receivedAt: '2026-11-10T09:30:00.000Z',
      takeInChargeBy: '2026-11-17T17:00:00.000Z',
      rawSha256: sha256Hex(raw),
    });
    const quarantine = await world.call(TEAM, 'GET', '/v1/quarantine');
    expect(quarantine.body.items).toMatchObject([{ disposition: 'unreadable' }]);
  });
});
