import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { eventually, type Parsed } from '../harness/index.ts';
import { type Client, Desk, type Opened } from '../rules/desk.ts';
import { floodMessageId, floodSubject, floodWithMails } from './mail-flood.ts';
import { Survivor } from './survivor.ts';

jest.setTimeout(240_000);

const MAILS = 200;
const SENDERS = 10;
/** How many mails have been taken when it is killed. */
const KILLED_AT = [20, 70, 120, 160] as const;

let survivor: Survivor;
let desk: Desk;
let client: Client;
let opened: Opened;

beforeAll(async () => {
  survivor = await Survivor.start();
  desk = await Desk.of(survivor);
  client = await desk.client();
  opened = await desk.package(client);
}, 90_000);

afterAll(() => survivor?.proveAndStop());

describe('R8 killed between the 250 of a mail and what follows from it', () => {
  test('two hundred mails as fast as they are taken are two hundred requests, each confirmed once', async () => {
    const kills = [...KILLED_AT];
    const killing: Promise<void>[] = [];
    await floodWithMails(survivor, {
      from: client.requester.email,
      to: opened.mailbox,
      mails: MAILS,
      senders: SENDERS,
      onTaken: (taken) => {
        if (taken !== kills[0]) return;
        kills.shift();
        killing.push(survivor.killAndRestart());
      },
    });
    await Promise.all(killing);
    expect(killing).toHaveLength(KILLED_AT.length);

    const wanted = Array.from({ length: MAILS }, (_, index) => floodSubject(index)).sort();
    const requests = await eventually(
      async () => {
        const found = await desk.requests(`?packageId=${opened.packageId}`);
        return found.length >= MAILS ? found : null;
      },
      'the requests',
      60_000,
    );
    expect(requests.map(({ subject }: Parsed) => subject).sort()).toEqual(wanted);
    const numbers = new Set(requests.map(({ number }: Parsed) => number));
    expect(numbers.size).toBe(MAILS);
    const confirmations = await eventually(
      async () => {
        const mails = await desk.mailsTo(client.requester.email);
        const found = mails.filter(({ subject }) => /ricevuta/.test(subject));
        return found.length >= MAILS ? found : null;
      },
      'the confirmations',
      120_000,
    );
    expect(confirmations.map(({ parsed }) => parsed.inReplyTo).sort()).toEqual(
      Array.from({ length: MAILS }, (_, index) => floodMessageId(index)).sort(),
    );
  });
});
