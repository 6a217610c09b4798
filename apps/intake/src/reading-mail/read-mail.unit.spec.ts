import { describe, expect, it } from '@jest/globals';
import { base64, mail, parts, utf8 } from '../testing/raw-mail.js';
import { type ReadableMail, readMail } from './index.js';

async function read(raw: Uint8Array, trustedAuthservId?: string): Promise<ReadableMail> {
  const found = await readMail(raw, { trustedAuthservId });
  if (found.kind !== 'mail') throw new Error('unreadable');
  return found;
}

const type = (charset: string, encoding = '8bit') => [
  'MIME-Version: 1.0',
  `Content-Type: text/plain${charset === '' ? '' : `; charset=${charset}`}`,
  `Content-Transfer-Encoding: ${encoding}`,
];
const CITY = 'La città è così, 12 € “più” l’IVA';

describe('R8 wrong or missing charset labels', () => {
  const utf16 = (order: 'le' | 'be') => {
    const bytes = Buffer.from(CITY, 'utf16le');
    return order === 'le' ? bytes : bytes.swap16();
  };
  it.each<readonly [string, string[], string, string]>([
    ['UTF-8 labelled us-ascii', type('us-ascii'), utf8(CITY), CITY],
    ['UTF-8 labelled iso-8859-1', type('iso-8859-1'), utf8(CITY), CITY],
    ['UTF-8 labelled windows-1252', type('windows-1252'), utf8(CITY), CITY],
    ['UTF-8 without label', type(''), utf8(CITY), CITY],
    ['UTF-8 without any MIME header', [], utf8(CITY), CITY],
    ['UTF-8 with an unknown label', type('x-unknown-42'), utf8(CITY), CITY],
    ['UTF-8 with a byte-order mark', type('us-ascii'), `\u00ef\u00bb\u00bf${utf8(CITY)}`, CITY],
    [
      'windows-1252 labelled iso-8859-1',
      type('iso-8859-1'),
      'l\x92avviso \x93no\x94 12 \x80 \xe8',
      'l’avviso “no” 12 € è',
    ],
    ['windows-1252 labelled utf-8', type('utf-8'), 'citt\xe0 e perch\xe9', 'città e perché'],
    ['windows-1252 without label', type(''), 'citt\xe0 \x80', 'città €'],
    ['iso-8859-15', type('iso-8859-15'), '12 \xa4 \xe8', '12 € è'],
    ['UTF-8 cut inside a character', type('utf-8'), `${utf8('città più così')}\xc3`, 'città più così\ufffd'],
    ['koi8-r', type('koi8-r'), '\xf0\xd2\xc9\xd7\xc5\xd4', 'Привет'],
    ['ISO-2022-JP', type('iso-2022-jp', '7bit'), '\x1b$B$3$s$K$A$O\x1b(B', 'こんにちは'],
    ['ISO-2022-JP without label', type('', '7bit'), '\x1b$B$3$s$K$A$O\x1b(B', 'こんにちは'],
    ['GB18030', type('gb18030'), '\xc4\xe3\xba\xc3', '你好'],
    ['utf-16le', type('utf-16le', 'base64'), base64(utf16('le')), CITY],
    ['utf-16 big endian without mark', type('utf-16', 'base64'), base64(utf16('be')), CITY],
    ['quoted label', type('"UTF-8"'), utf8(CITY), CITY],
    ['NUL letters', type('utf-8'), 'a\0b', 'ab'],
  ])('%s', async (_name, headers, body, text) => {
    expect((await read(mail(headers, body))).text).toBe(text);
  });
});

describe('R8 damaged transfer encodings', () => {
  it.each<readonly [string, string, string, string]>([
    ['quoted-printable', 'quoted-printable', 'citt=C3=A0 =E2=\n=80=93 fine', 'città – fine'],
    ['invalid hex', 'quoted-printable', '50=% di sconto =ZZ', '50=% di sconto =ZZ'],
    ['lower-case hex and a padded soft break', 'quoted-printable', 'citt=c3=a0 e =  \nfine', 'città e fine'],
    ['base64', 'base64', base64(utf8(CITY)), CITY],
    ['base64 without padding', 'base64', base64(utf8('città')).replace(/=+/, ''), 'città'],
    ['two padded pieces', 'base64', `${base64('uno ')}\n${base64('due')}`, 'uno due'],
    ['stray letters', 'base64', base64('prova di testo').replace(/^.{4}/, '$&!'), 'prova di testo'],
    [
      'plain text labelled base64',
      'base64',
      'Buongiorno, potete correggere?',
      'Buongiorno, potete correggere?',
    ],
    ['unknown encoding', 'x-nothing', 'testo', 'testo'],
  ])('%s', async (_name, encoding, body, text) => {
    expect((await read(mail(type('utf-8', encoding), body))).text).toBe(text);
  });
});

describe('R8 subjects and senders', () => {
  it.each<readonly [string, string, string]>([
    ['quoted word', '=?UTF-8?Q?Pi=C3=B9_foto?=', 'Più foto'],
    ['character cut between two words', '=?utf-8?B?cGnD?= =?utf-8?B?uSBmb3Rv?=', 'più foto'],
    ['folded words', '=?utf-8?Q?uno?=\n =?iso-8859-1?Q?_=E8_due?=', 'uno è due'],
    ['raw UTF-8', utf8('Più foto'), 'Più foto'],
    ['raw latin-1', 'Pi\xf9 foto', 'Più foto'],
    ['latin-1 label with windows bytes', '=?iso-8859-1?Q?12_=80?=', '12 €'],
    ['a line break inside', '=?utf-8?Q?Uno=0D=0ABcc:_x@y.example?=', 'Uno Bcc: x@y.example'],
    ['unknown charset', '=?x-foo?Q?ci=C3=B2?=', 'ciò'],
    ['japanese', '=?ISO-2022-JP?B?GyRCJDMkcyRLJEEkTxsoQg==?=', 'こんにちは'],
    ['NUL', '=?utf-8?Q?a=00b?=', 'ab'],
    ['no encoded word at all', '=?utf-8?Q?never closed', '=?utf-8?Q?never closed'],
  ])('subject: %s', async (_name, written, subject) => {
    expect((await read(mail([`Subject: ${written}`], 'x'))).subject).toBe(subject);
  });

  it.each<readonly [string, string[], { email: string; name?: string } | null]>([
    [
      'letter case',
      ['From: "Sportello" <UFFICIO.Turismo@Comune.EXAMPLE>'],
      { email: 'ufficio.turismo@comune.example', name: 'Sportello' },
    ],
    ['comment as name', ['From: a@b.example (Mario Rossi)'], { email: 'a@b.example', name: 'Mario Rossi' }],
    ['encoded name', ['From: =?UTF-8?Q?Citt=C3=A0?= <a@b.example>'], { email: 'a@b.example', name: 'Città' }],
    [
      'encoded name inside quotes',
      ['From: "=?UTF-8?Q?Citt=C3=A0?=" <a@b.example>'],
      { email: 'a@b.example', name: 'Città' },
    ],
    [
      'an address hidden in the name',
      ['From: "direzione@museo.example" <evil@x.example>'],
      { email: 'evil@x.example', name: 'direzione@museo.example' },
    ],
    [
      'an address hidden in an encoded word',
      ['From: =?utf-8?Q?=3Cdirezione=40museo.example=3E?= <evil@x.example>'],
      { email: 'evil@x.example', name: '<direzione@museo.example>' },
    ],
    ['two From fields that differ', ['From: a@b.example', 'From: c@d.example'], null],
    ['two authors of different domains', ['From: a@b.example, c@d.example'], null],
    ['an IDN domain', [utf8('From: a@città.example')], { email: 'a@xn--citt-3na.example' }],
    ['two addresses in one mailbox', ['From: <direzione@museo.example> <evil@x.example>'], null],
    ['nothing', ['From: nobody'], null],
  ])('sender: %s', async (_name, headers, from) => {
    expect((await read(mail(headers, 'x'))).from).toEqual(from);
  });

  it('reads recipients, thread and date', async () => {
    const found = await read(
      mail(
        [
          'To: Uno <A@x.example>, "Due, tre" <b@x.example>; gruppo: c@x.example, d@x.example;',
          'Cc: "E" <e@x.example>',
          'Delivered-To: assistenza+museo@agenzia.example',
          'In-Reply-To: Message of Monday <id.1@x.example>',
          'References: <id.0@x.example>\n <id.1@x.example> <id.0@x.example>',
        ],
        'x',
      ),
    );
    expect(found.to).toEqual(['a@x.example', 'b@x.example', 'c@x.example', 'd@x.example']);
    expect(found.cc).toEqual(['e@x.example']);
    expect(found.deliveredTo).toEqual(['assistenza+museo@agenzia.example']);
    expect(found.inReplyTo).toEqual(['id.1@x.example']);
    expect(found.references).toEqual(['id.0@x.example', 'id.1@x.example']);
    expect(found.messageId).toBe('prova.1@museo.example');
    expect(found.date).toBe('2026-11-10T11:05:40.000Z');
  });
});

describe('R8 which part is the text', () => {
  const html = (body: string) => ['Content-Type: text/html; charset=utf-8', body] as const;
  const plain = (body: string) => ['Content-Type: text/plain; charset=utf-8', body] as const;
  const multi = (kind: string, body: string, headers: string[] = []) =>
    mail([`Content-Type: multipart/${kind}; boundary="b1"`, ...headers], body);

  it.each<readonly [string, Uint8Array, string]>([
    ['text before HTML', multi('alternative', parts('b1', [plain('Testo'), html('<p>Altro</p>')])), 'Testo'],
    [
      'blank text beside HTML',
      multi('alternative', parts('b1', [plain(' \n\n'), html('<p>Pieno</p>')])),
      'Pieno',
    ],
    [
      'a text that only speaks of HTML',
      multi(
        'alternative',
        parts('b1', [
          plain('Il tuo client di posta non visualizza HTML.'),
          html('<p>La vera richiesta, con tutto il testo del cliente.</p>'),
        ]),
      ),
      'La vera richiesta, con tutto il testo del cliente.',
    ],
    [
      'missing closing boundary',
      multi(
        'mixed',
        parts('b1', [plain('Testo'), ['Content-Type: image/png; name="a.png"', base64('x')]], false),
      ),
      'Testo',
    ],
    [
      'no boundary parameter',
      mail(['Content-Type: multipart/mixed'], parts('xyz', [plain('Testo')])),
      'Testo',
    ],
    [
      'a wrong boundary parameter',
      mail(['Content-Type: multipart/mixed; boundary=other'], parts('xyz', [plain('Testo')])),
      'Testo',
    ],
    [
      'a boundary that never comes',
      mail(['Content-Type: multipart/mixed; boundary=other'], 'Solo testo'),
      'Solo testo',
    ],
    [
      'two texts around a picture',
      multi(
        'mixed',
        parts('b1', [
          plain('Prima'),
          ['Content-Type: image/png\nContent-ID: <a>', base64('x')],
          plain('Dopo'),
        ]),
      ),
      'Prima\nDopo',
    ],
    [
      'text and the same HTML side by side',
      multi('mixed', parts('b1', [plain('Stesso testo'), html('<p>Stesso testo</p>')])),
      'Stesso testo',
    ],
    [
      'script, style, pixel and hidden preheader',
      mail(
        ['Content-Type: text/html'],
        '<style>p{color:red}</style><div style="display:none">nascosto</div><p>Visibile &egrave; <b>qui</b></p><script>traccia()</script><img src="https://t.example/p.gif">',
      ),
      'Visibile è qui',
    ],
    [
      'the address of a link',
      mail(
        ['Content-Type: text/html'],
        '<p>Cambiate <a href="https://x.example/pagina">questa pagina</a></p>',
      ),
      'Cambiate questa pagina [https://x.example/pagina]',
    ],
    [
      'a charset only in the HTML',
      mail(['Content-Type: text/html'], '<meta charset="koi8-r"><p>\xf0\xd2\xc9\xd7\xc5\xd4</p>'),
      'Привет',
    ],
    ['a list', mail(['Content-Type: text/html'], '<ol><li>uno</li><li>due</li></ol>'), '1. uno\n 2. due'],
    [
      'flowed text',
      mail(['Content-Type: text/plain; format=flowed'], 'Una riga che \nva avanti.\n\nAltra\n-- \nFirma'),
      'Una riga che va avanti.\n\nAltra',
    ],
    [
      'flowed with delsp',
      mail(['Content-Type: text/plain; format=flowed; delsp=yes'], 'para \ngrafo\n fine'),
      'paragrafo\nfine',
    ],
    [
      'only a forwarded mail',
      multi(
        'mixed',
        parts('b1', [
          ['Content-Type: message/rfc822', 'From: x@y.example\nSubject: Orari\n\nServe la pagina.'],
        ]),
      ),
      'Serve la pagina.',
    ],
    [
      'a forwarded mail beside words',
      multi(
        'mixed',
        parts('b1', [plain('Vedi allegato'), ['Content-Type: message/rfc822', 'Subject: Orari\n\nServe.']]),
      ),
      'Vedi allegato\n\nServe.',
    ],
    [
      'the answered mail attached to its answer',
      multi(
        'mixed',
        parts('b1', [
          plain('Approvo'),
          ['Content-Type: message/rfc822', 'Message-ID: <c.1@agenzia.example>\nSubject: Orari\n\nServe.'],
        ]),
        ['In-Reply-To: <c.1@agenzia.example>'],
      ),
      'Approvo',
    ],
    [
      'a text that only names the pictures of the HTML',
      multi(
        'alternative',
        parts('b1', [plain('[image: logo.png]'), html('<p>Serve <img alt="logo"> il menu</p>')]),
      ),
      'Serve il menu',
    ],
    [
      'a text that is only the first line of the HTML',
      multi(
        'alternative',
        parts('b1', [plain('Buongiorno,'), html(`<p>Buongiorno,</p><p>${'serve la pagina '.repeat(4)}</p>`)]),
      ),
      `Buongiorno,\n\n${'serve la pagina '.repeat(4).trim()}`,
    ],
    ['a multipart with nothing but its end', multi('mixed', '--b1--\n'), ''],
    [
      'a multipart whose text stands before its end',
      multi('mixed', 'Serve il menu\n--b1--\n'),
      'Serve il menu',
    ],
    [
      'certified mail (PEC)',
      mail(
        ['X-Trasporto: posta-certificata', 'Content-Type: multipart/mixed; boundary=b1'],
        parts('b1', [
          plain('Messaggio di posta certificata'),
          ['Content-Type: message/rfc822; name="postacert.eml"', 'Subject: Orari\n\nServe la pagina.'],
        ]),
      ),
      'Serve la pagina.',
    ],
    ['line feeds only', mail([], 'uno\ndue', '\n'), 'uno\ndue'],
    ['carriage returns only', mail([], 'uno\ndue', '\r'), 'uno\ndue'],
    [
      'an mbox line on top',
      Buffer.concat([Buffer.from('From x@y Mon Nov 9\n'), mail([], 'uno', '\n')]),
      'uno',
    ],
  ])('%s', async (_name, raw, text) => {
    expect((await read(raw)).text).toBe(text);
  });
});

describe('R8 what cannot be read', () => {
  it.each<readonly [string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    [
      'a picture',
      Buffer.from(
        'iVBORw0KGgoAAAANSUhEUgAAADAAAABACAIAAADTQmMRAAAAW0lEQVR42u3UQQ0AIAzAwClBCUqmbsJQ',
        'base64',
      ),
    ],
    ['zeros', Buffer.alloc(500)],
    ['only trace headers', Buffer.from('Received: by x\r\nDate: Mon, 9 Nov 2026 10:00:00 +0100\r\n\r\n')],
  ])('%s', async (_name, raw) => {
    expect(await readMail(raw, {})).toEqual({ kind: 'unreadable' });
  });

  it('keeps text that somebody sent without any header', async () => {
    expect((await read(Buffer.from('Buongiorno, potete correggere la pagina?'))).text).toBe(
      'Buongiorno, potete correggere la pagina?',
    );
  });
});

describe('R8 hostile mails end in bounded time', () => {
  const nested = (depth: number) => {
    let body = 'Content-Type: text/plain\n\nfondo';
    for (let i = 0; i < depth; i++)
      body = `Content-Type: multipart/mixed; boundary=b${i}\n\n--b${i}\n${body}\n--b${i}--\n`;
    return body;
  };
  it.each<readonly [string, () => string]>([
    ['nested multiparts', () => `From: a@b.example\n${nested(3000)}`],
    [
      'a million parts',
      () =>
        `From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n${'--x\n\na\n'.repeat(1_000_000)}`,
    ],
    [
      'lines that nearly are boundaries',
      () => `From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n${'--xy\n'.repeat(2_000_000)}`,
    ],
    ['one long line', () => `From: a@b.example\nSubject: x\n\n${'a '.repeat(5_000_000)}`],
    [
      'one long header',
      () => `From: ${'"('.repeat(1_000_000)}\nSubject: ${'=?utf-8?q?a?= '.repeat(300_000)}\n\nx`,
    ],
    ['many headers', () => `${'X-A: b\n'.repeat(500_000)}From: a@b.example\n\nx`],
    [
      'deep quotes',
      () => `From: a@b.example\nSubject: Re: x\n\n${'> '.repeat(500_000)}\n${'>\n'.repeat(500_000)}`,
    ],
    [
      'attributions',
      () =>
        `From: a@b.example\nSubject: Re: x\n\n${'Il 9 nov 2026 alle 10:12 x@y.example ha\n'.repeat(100_000)}`,
    ],
    [
      'unclosed tags',
      () => `From: a@b.example\nContent-Type: text/html\n\n${'<div><blockquote>'.repeat(200_000)}`,
    ],
    ['open brackets', () => `From: a@b.example\nContent-Type: text/html\n\n${'<a href="'.repeat(300_000)}`],
    [
      'a large attachment',
      () =>
        `From: a@b.example\nContent-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n${'QUJD'.repeat(6_000_000)}`,
    ],
  ])('%s', async (_name, build) => {
    const raw = Buffer.from(build(), 'latin1');
    const started = performance.now();
    await readMail(raw, { trustedAuthservId: 'mx.agenzia.example' });
    // Twice what is allowed, because the machine of a test run is shared.
    expect(performance.now() - started).toBeLessThan(4000);
  });
});
