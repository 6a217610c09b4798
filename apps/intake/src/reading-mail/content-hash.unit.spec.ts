import { describe, expect, it } from '@jest/globals';
import { base64, mail, parts, utf8 } from '../testing/raw-mail.js';
import { readMail } from './index.js';

async function hashOf(raw: Uint8Array): Promise<string> {
  const found = await readMail(raw, {});
  return found.kind === 'mail' ? found.contentSha256 : '';
}

const TEXT = utf8('Buongiorno,\n\npotete correggere la città?\n');
const TYPE = 'Content-Type: text/plain; charset=utf-8';
const PLAIN = mail([TYPE, 'Content-Transfer-Encoding: 8bit'], TEXT);
const attached = (boundary: string, content: string, name = 'a.pdf') =>
  mail(
    [`Content-Type: multipart/mixed; boundary=${boundary}`],
    parts(boundary, [
      [TYPE, 'Testo'],
      [`Content-Type: application/pdf; name="${name}"\nContent-Transfer-Encoding: base64`, base64(content)],
    ]),
  );

describe('R8 the same mail is taken once', () => {
  it.each<readonly [string, Uint8Array, Uint8Array]>([
    ['line ends', PLAIN, mail([TYPE, 'Content-Transfer-Encoding: 8bit'], TEXT, '\n')],
    [
      'transport headers',
      PLAIN,
      mail(
        [
          'Received: by b.example',
          'Return-Path: <x@y>',
          'Delivered-To: z@y',
          'Authentication-Results: a; dmarc=fail',
          'DKIM-Signature: v=1',
          'ARC-Seal: i=1',
          'X-Spam: no',
          'Status: RO',
          'X-UIDL: 7',
          TYPE,
          'Content-Transfer-Encoding: 8bit',
        ],
        TEXT,
      ),
    ],
    ['transfer encoding', PLAIN, mail([TYPE, 'Content-Transfer-Encoding: base64'], base64(TEXT))],
    [
      'quoted-printable of a relay',
      PLAIN,
      mail([TYPE, 'Content-Transfer-Encoding: quoted-printable'], TEXT.replace('\xc3\xa0', '=C3=A0')),
    ],
    [
      'blanks and breaks at the end',
      PLAIN,
      mail([TYPE, 'Content-Transfer-Encoding: 8bit'], `${TEXT.replace('Buongiorno,', 'Buongiorno,  ')}\n\n`),
    ],
    [
      'encoded and raw subject',
      mail([utf8('Subject: città')], 'x'),
      mail(['Subject: =?utf-8?Q?citt=C3=A0?='], 'x'),
    ],
    [
      'display name and letter case of the sender',
      mail(['From: A <a@b.example>'], 'x'),
      mail(['From: B <A@B.example>'], 'x'),
    ],
    ['boundary', attached('b1', 'uno'), attached('b2', 'uno')],
  ])('equal: %s', async (_name, first, second) => {
    expect(await hashOf(second)).toBe(await hashOf(first));
  });

  it.each<readonly [string, Uint8Array, Uint8Array]>([
    ['text', PLAIN, mail([TYPE], 'Altro testo')],
    ['subject', PLAIN, mail(['Subject: Altro', TYPE], TEXT)],
    ['sender', PLAIN, mail(['From: altro@museo.example', TYPE], TEXT)],
    ['attachment content', attached('b1', 'uno'), attached('b1', 'due')],
    ['attachment name', attached('b1', 'uno'), attached('b1', 'uno', 'b.pdf')],
    ['a quoted part', mail([TYPE], 'Va bene\n\n> vecchio'), mail([TYPE], 'Va bene\n\n> altro')],
  ])('different: %s', async (_name, first, second) => {
    expect(await hashOf(second)).not.toBe(await hashOf(first));
  });
});
