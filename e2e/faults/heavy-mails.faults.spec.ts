import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { sendRawMail, untilAnswered } from '../harness/index.ts';
import { type Client, Desk, type Opened, unique } from '../rules/desk.ts';
import { Survivor } from './survivor.ts';

jest.setTimeout(180_000);

const MAX_BYTES = 25 * 1024 * 1024;
/** The most resident memory that the process may ever have had, with several of the largest mails at once. */
const MEMORY_BOUND_MEBIBYTES = 1024;
const AT_ONCE = 3;

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

interface Part {
  readonly headers: readonly string[];
  readonly body: string;
}

const attachment = (name: string, body: string): Part => ({
  headers: [
    'Content-Type: application/octet-stream',
    `Content-Disposition: attachment; filename="${name}"`,
    'Content-Transfer-Encoding: base64',
  ],
  body,
});

function multipart(subject: string, parts: readonly Part[]): Buffer {
  const text = {
    headers: ['Content-Type: text/plain; charset=utf-8'],
    body: 'Vi mandiamo i file della mostra.',
  };
  const lines = [
    `From: ${client.requester.email}`,
    `To: ${opened.mailbox}`,
    `Subject: ${subject}`,
    `Message-ID: <${unique('heavy')}@cliente.example>`,
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary="=_b"',
    '',
    ...[text, ...parts].flatMap(({ headers, body }) => ['--=_b', ...headers, '', body]),
    '--=_b--',
    '',
  ];
  return Buffer.from(lines.join('\r\n'));
}

const LINE = `${'QUJD'.repeat(19)}\r\n`;

/** A mail of exactly so many bytes, nearly all of them one attachment. */
function mailOfBytes(subject: string, bytes: number): Buffer {
  const empty = multipart(subject, [attachment('mostra.bin', '')]).length;
  const body = LINE.repeat(Math.ceil((bytes - empty) / LINE.length)).slice(0, bytes - empty);
  return multipart(subject, [attachment('mostra.bin', body)]);
}

const send = (raw: Buffer) =>
  sendRawMail(survivor.smtp, raw, { from: client.requester.email, to: opened.mailbox });

const expectMemory = async (): Promise<void> =>
  expect((await survivor.residentMebibytes()).most).toBeLessThan(MEMORY_BOUND_MEBIBYTES);

describe('R8 heavy mails', () => {
  test('of 25 MiB are taken, several at once, byte for byte and within the memory; one that cannot be kept at once is asked for again', async () => {
    const subjects = Array.from({ length: AT_ONCE }, () => unique('Pesante'));
    const raws = subjects.map((subject) => mailOfBytes(subject, MAX_BYTES));
    expect(raws.map(({ length }) => length)).toEqual(subjects.map(() => MAX_BYTES));
    await Promise.all(
      raws.map((raw, index) =>
        untilAnswered(`mail ${index}`, async () => {
          const { code } = await send(raw);
          expect([250, 451]).toContain(code);
          return code === 250 ? code : null;
        }),
      ),
    );
    for (const [index, subject] of subjects.entries()) {
      const request = await desk.requestBySubject(subject);
      expect(request).toMatchObject({ text: 'Vi mandiamo i file della mostra.' });
      expect(request.attachments).toMatchObject([{ name: 'mostra.bin' }]);
      const kept = await desk.team.bytes(`/intake/v1/requests/${request.requestId}/raw`);
      expect(kept.includes(raws[index]!.subarray(raws[index]!.indexOf('From:')))).toBe(true);
      await desk.mailTo(client.requester.email, new RegExp(subject));
    }
    await expectMemory();
  });

  test('of one byte more are refused by SMTP with 552 and by REST with 413, and nothing is kept', async () => {
    const subject = unique('Troppo');
    const raw = mailOfBytes(subject, MAX_BYTES + 1);
    expect((await send(raw)).code).toBe(552);
    expect((await desk.deliver(raw)).status).toBe(413);
    expect((await desk.requests()).filter((request) => request.subject === subject)).toEqual([]);
    await expectMemory();
  });

  const photos = (count: number) =>
    Array.from({ length: count }, (_, index) =>
      attachment(`foto-${index}.bin`, Buffer.from(`foto ${index}`).toString('base64')),
    );

  test('of a thousand parts are taken with all of them', async () => {
    const subject = unique('Mille');
    const [whole, text] = [1, 1];
    expect((await send(multipart(subject, photos(1000 - whole - text)))).code).toBe(250);
    const request = await desk.requestBySubject(subject);
    expect(request.attachments.length).toBe(998);
    expect(request.attachments[997]).toMatchObject({ name: 'foto-997.bin', sizeBytes: 8 });
    await desk.mailTo(client.requester.email, new RegExp(subject));
    await expectMemory();
  });

  test('of twenty thousand parts are taken: the first thousand are told apart, the mail is kept whole', async () => {
    const subject = unique('Ventimila');
    const raw = multipart(subject, photos(20_000));
    expect((await send(raw)).code).toBe(250);
    const request = await desk.requestBySubject(subject);
    expect(request).toMatchObject({ text: 'Vi mandiamo i file della mostra.' });
    expect(request.attachments.length).toBeGreaterThanOrEqual(998);
    const kept = await desk.team.bytes(`/intake/v1/requests/${request.requestId}/raw`);
    expect(kept.includes(raw.subarray(raw.indexOf('From:')))).toBe(true);
    await expectMemory();
  });

  test('nested a thousand deep are answered, and the next mail is taken', async () => {
    const depth = 1000;
    const open = Array.from({ length: depth }, (_, level) => [
      `Content-Type: multipart/mixed; boundary="=_${level}"`,
      '',
      `--=_${level}`,
    ]).flat();
    const close = Array.from({ length: depth }, (_, level) => `--=_${depth - 1 - level}--`);
    const head = [
      `From: ${client.requester.email}`,
      `To: ${opened.mailbox}`,
      `Subject: ${unique('Profonda')}`,
      `Message-ID: <${unique('deep')}@cliente.example>`,
      'MIME-Version: 1.0',
    ];
    const body = ['Content-Type: text/plain', '', 'In fondo.'];
    const { code } = await send(Buffer.from([...head, ...open, ...body, ...close, ''].join('\r\n')));
    expect(code).toBe(250);
    const subject = unique('Dopo');
    await desk.mail(client.requester.email, opened.mailbox, {
      subject,
      text: 'Una richiesta come le altre.',
    });
    await desk.requestBySubject(subject);
    await expectMemory();
  });
});
