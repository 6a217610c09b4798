import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { base64, mail, parts, utf8 } from '../testing/raw-mail.js';
import { readMail } from './index.js';

async function attachmentsOf(headers: string, body = base64('contenuto')) {
  const encoding = headers.includes('Transfer-Encoding') ? '' : '\nContent-Transfer-Encoding: base64';
  const raw = mail(
    ['Content-Type: multipart/mixed; boundary=b1'],
    parts('b1', [
      ['Content-Type: text/plain', 'Testo'],
      [`${headers}${encoding}`, body],
    ]),
  );
  const found = await readMail(raw, {});
  return found.kind === 'mail' ? found.attachments : [];
}

describe('R8 attachments by their decoded names', () => {
  it.each<readonly [string, string, string]>([
    [
      'plain',
      'Content-Type: application/pdf\nContent-Disposition: attachment; filename="a b.pdf"',
      'a b.pdf',
    ],
    [
      'unquoted',
      'Content-Type: application/pdf\nContent-Disposition: attachment; filename=foto(1).pdf',
      'foto(1).pdf',
    ],
    ['only in Content-Type', 'Content-Type: application/pdf; name="a.pdf"', 'a.pdf'],
    [
      'RFC 2231',
      "Content-Type: image/png\nContent-Disposition: attachment; filename*=UTF-8''attivit%C3%A0.png",
      'attività.png',
    ],
    [
      'RFC 2231 in latin-1',
      "Content-Type: image/png\nContent-Disposition: attachment; filename*=iso-8859-1'it'attivit%E0.png",
      'attività.png',
    ],
    [
      'RFC 2231 in pieces',
      'Content-Type: image/png\nContent-Disposition: attachment;\n filename*0*=UTF-8\'\'citt%C3;\n filename*1*=%A0;\n filename*2=" due.png"',
      'città due.png',
    ],
    [
      'pieces in disorder',
      'Content-Type: image/png\nContent-Disposition: attachment; filename*1="due.png"; filename*0="uno-"',
      'uno-due.png',
    ],
    [
      'extended wins over plain',
      'Content-Type: image/png\nContent-Disposition: attachment; filename="citta.png"; filename*=utf-8\'\'citt%C3%A0.png',
      'città.png',
    ],
    [
      'encoded word inside quotes',
      'Content-Type: image/png; name="=?UTF-8?Q?citt=C3=A0=2Epng?="',
      'città.png',
    ],
    [
      'encoded words in two lines',
      'Content-Type: image/png\nContent-Disposition: attachment; filename="=?utf-8?B?Y2l0dMM=?=\n =?utf-8?B?oC5wbmc=?="',
      'città.png',
    ],
    ['raw UTF-8', utf8('Content-Type: image/png; name="città.png"'), 'città.png'],
    ['raw latin-1', 'Content-Type: image/png; name="citt\xe0.png"', 'città.png'],
    ['octet-stream', 'Content-Type: application/octet-stream; name="listino.xlsx"', 'listino.xlsx'],
    ['a path', 'Content-Type: image/png; name="../../etc/a.png"', 'a.png'],
    ['a Windows path', 'Content-Type: image/png; name="C:\\Foto\\a.png"', 'a.png'],
    ['letters that no file may have', 'Content-Type: image/png; name="a?b.png"', 'a_b.png'],
    ['no name', 'Content-Type: application/pdf', 'attachment-1.pdf'],
    [
      'inline without name',
      'Content-Type: image/jpeg\nContent-ID: <a@b>\nContent-Disposition: inline',
      'image-1.jpg',
    ],
    ['winmail.dat', 'Content-Type: application/ms-tnef', 'winmail.dat'],
    ['calendar', 'Content-Type: text/calendar; method=REQUEST', 'invite.ics'],
    ['text file', 'Content-Type: text/plain; name="note.txt"\nContent-Disposition: attachment', 'note.txt'],
    [
      'text file shown inline',
      'Content-Type: text/plain\nContent-Disposition: inline; filename="note.txt"',
      'note.txt',
    ],
  ])('%s', async (_name, headers, name) => {
    const listed = await attachmentsOf(headers);
    expect(listed.map((file) => file.name)).toEqual([name]);
    expect(Buffer.from(listed[0]!.content).toString()).toBe('contenuto');
    expect(listed[0]).toMatchObject({
      sizeBytes: 9,
      sha256: createHash('sha256').update('contenuto').digest('hex'),
    });
  });

  it('names a mail by its subject', async () => {
    const listed = await attachmentsOf(
      'Content-Type: message/rfc822\nContent-Transfer-Encoding: 8bit',
      'Subject: =?utf-8?Q?Citt=C3=A0/orari?=\n\nTesto',
    );
    expect(listed.map(({ name, contentType }) => [name, contentType])).toEqual([
      ['Città_orari.eml', 'message/rfc822'],
    ]);
  });

  it.each([
    'Content-Type: application/pkcs7-signature; name="smime.p7s"',
    'Content-Type: application/x-pkcs7-signature; name="smime.p7s"',
    'Content-Type: application/octet-stream; name="smime.p7s"',
    'Content-Type: application/pgp-signature; name="signature.asc"',
    'Content-Type: application/pgp-signature',
  ])('lists no signature: %s', async (headers) => {
    expect(await attachmentsOf(headers)).toEqual([]);
  });

  it('says which pictures stand in the text', async () => {
    const listed = await attachmentsOf(
      'Content-Type: image/png; name="a.png"\nContent-ID: <a@b>\nContent-Disposition: inline',
    );
    expect(listed.map((file) => file.inline)).toEqual([true]);
    expect(
      (await attachmentsOf('Content-Type: image/png; name="a.png"\nContent-Disposition: attachment')).map(
        (file) => file.inline,
      ),
    ).toEqual([false]);
  });

  it('lists what is the whole mail', async () => {
    const found = await readMail(
      mail(
        ['Content-Type: application/pdf; name="scan.pdf"', 'Content-Transfer-Encoding: base64'],
        base64('x'),
      ),
      {},
    );
    expect(found).toMatchObject({ kind: 'mail', text: '', attachments: [{ name: 'scan.pdf' }] });
  });
});
