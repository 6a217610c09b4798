import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { eventually, type Parsed } from '../harness/index.ts';
import { type Client, Desk, type Opened } from '../rules/desk.ts';
import { floodSubject, floodWithMails } from './mail-flood.ts';
import { Survivor } from './survivor.ts';

jest.setTimeout(3_000_000);

const MAILS = 10_000;
const SENDERS = 20;
const MOST_MEBIBYTES = 640;
const SETTLE_MILLISECONDS = 900_000;

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

describe('R8 ten thousand mails as fast as they are taken', () => {
  test('are ten thousand requests, each confirmed once, within the memory, and calls are answered meanwhile', async () => {
    const subjects = Array.from({ length: MAILS }, (_, index) => floodSubject(index));
    const shown: Promise<unknown>[] = [];
    await floodWithMails(survivor, {
      from: client.requester.email,
      to: opened.mailbox,
      mails: MAILS,
      senders: SENDERS,
      onTaken: (taken) => {
        if (taken % 1000 === 0) shown.push(opened.steps.show());
      },
    });
    await Promise.all(shown);
    const counted = async (text: string) => (await survivor.sql<{ count: number }>(text))[0]!.count;
    await eventually(
      async () => (await counted('SELECT count(*)::integer AS count FROM intake.requests')) >= MAILS,
      'the requests',
      SETTLE_MILLISECONDS,
    );
    const requests = await desk.requests(`?packageId=${opened.packageId}`);
    expect(requests.map(({ subject }: Parsed) => subject).sort()).toEqual(subjects.toSorted());
    expect(new Set(requests.map(({ number }: Parsed) => number)).size).toBe(MAILS);
    await eventually(
      async () =>
        (await counted(
          "SELECT count(*)::integer AS count FROM intake.outbound_mails WHERE kind = 'request-received' AND state = 'sent'",
        )) >= MAILS,
      'a confirmation of each',
      SETTLE_MILLISECONDS,
    );
    const mails = await desk.team.all(`/intake/v1/outbound-mail?packageId=${opened.packageId}`);
    const confirmations = mails.filter(({ kind }: Parsed) => kind === 'request-received');
    expect(new Set(confirmations.map(({ requestId }: Parsed) => requestId)).size).toBe(MAILS);
    expect(confirmations).toHaveLength(MAILS);
    expect((await survivor.residentMebibytes()).most).toBeLessThan(MOST_MEBIBYTES);
  });
});
