import { describe, expect, it } from '@jest/globals';
import { mail, parts } from '../testing/raw-mail.js';
import { readMail } from './index.js';

type Row = readonly [name: string, headers: readonly string[], body: string, kind: string | undefined];

const report = (kind: string, part: string) =>
  [
    [`Content-Type: multipart/report; report-type=${kind}; boundary=r`],
    parts('r', [
      ['Content-Type: text/plain', 'Testo'],
      [`Content-Type: ${part}`, 'Action: failed'],
    ]),
  ] as const;

const ROWS: readonly Row[] = [
  ['Auto-Submitted', ['Auto-Submitted: auto-replied'], 'x', 'auto-reply'],
  ['Auto-Submitted with parameters', ['Auto-Submitted: Auto-Generated; owner-email="x"'], 'x', 'auto-reply'],
  ['Auto-Submitted with a comment', ['Auto-Submitted: (robot) auto-notified'], 'x', 'auto-reply'],
  ['Auto-Submitted: no', ['Auto-Submitted: no'], 'x', undefined],
  ['Auto-Submitted: no with a comment', ['Auto-Submitted: No (human)'], 'x', undefined],
  ['X-Autoreply', ['X-Autoreply: yes', 'Precedence: bulk'], 'x', 'auto-reply'],
  ['X-Autoreply: no', ['X-Autoreply: no'], 'x', undefined],
  ['X-Autorespond', ['X-Autorespond: Fuori sede'], 'x', 'auto-reply'],
  ['Precedence auto_reply', ['Precedence: auto_reply'], 'x', 'auto-reply'],
  ['Precedence bulk', ['Precedence: BULK'], 'x', 'list'],
  ['Precedence junk', ['Precedence: junk'], 'x', 'list'],
  ['Precedence list', ['Precedence: list'], 'x', 'list'],
  ['Precedence normal', ['Precedence: normal'], 'x', undefined],
  ['List-Id', ['List-Id: <a.b.example>'], 'x', 'list'],
  ['List-Unsubscribe', ['List-Unsubscribe: <https://x.example>'], 'x', 'list'],
  [
    'a delivery report',
    [
      'Return-Path: <>',
      'Auto-Submitted: auto-replied',
      ...report('delivery-status', 'message/delivery-status')[0],
    ],
    report('delivery-status', 'message/delivery-status')[1],
    'bounce',
  ],
  [
    'a delivery report with a return path',
    report('delivery-status', 'message/delivery-status')[0],
    report('delivery-status', 'message/delivery-status')[1],
    'bounce',
  ],
  [
    'a read receipt',
    report('disposition-notification', 'message/disposition-notification')[0],
    report('disposition-notification', 'message/disposition-notification')[1],
    'receipt',
  ],
  [
    'a bounce in plain text',
    ['Return-Path: <>', 'From: Mail Delivery System <MAILER-DAEMON@x.example>', 'Subject: failure notice'],
    'x',
    'bounce',
  ],
  ['an Exim bounce', ['X-Failed-Recipients: a@b.example'], 'x', 'bounce'],
  ['a certified-mail receipt', ['X-Ricevuta: avvenuta-consegna', 'Subject: CONSEGNA: Orari'], 'x', 'receipt'],
  [
    'out of office with a null return path',
    ['Return-Path: <>', 'Subject: Fuori ufficio: Orari'],
    'x',
    'auto-reply',
  ],
  [
    'out of office of Exchange',
    ['X-Auto-Response-Suppress: All', 'Subject: Risposta automatica: Orari'],
    'x',
    'auto-reply',
  ],
  [
    'out of office that answers',
    ['In-Reply-To: <a@b>', 'Subject: Automatic reply: Hours'],
    'I am out of the office until Monday.',
    'auto-reply',
  ],
  [
    'out of office as a matter',
    ['Subject: Fuori ufficio: come impostare la risposta?'],
    'Potete aiutarci?',
    undefined,
  ],
  [
    'an answer about holidays',
    ['In-Reply-To: <a@b>', 'Subject: Re: orari'],
    'Da lunedì sono in ferie, procedete.',
    undefined,
  ],
  [
    'out of office without any header of a machine',
    ['Subject: Automatic reply: Request received'],
    'I am away until Monday.',
    'auto-reply',
  ],
  [
    'a machine’s prefix above a person’s words',
    ['Subject: Risposta automatica: il testo'],
    'Va cambiato.',
    undefined,
  ],
  [
    'a meeting accepted without a word',
    ['Subject: Accettato: formazione', 'Content-Type: text/calendar; method=REPLY'],
    'BEGIN:VCALENDAR\nEND:VCALENDAR',
    'receipt',
  ],
  [
    'an invitation without a word',
    ['Subject: Formazione', 'Content-Type: text/calendar; method=REQUEST'],
    'BEGIN:VCALENDAR\nEND:VCALENDAR',
    undefined,
  ],
  [
    'a read receipt of Exchange in TNEF',
    ['Subject: Letto: Banner', 'Content-Type: application/ms-tnef; name=winmail.dat'],
    'REPORT.IPM.Note.IPNRN',
    'receipt',
  ],
  ['X-Precedence', ['X-Precedence: auto_reply'], 'x', 'auto-reply'],
  ['X-Mail-Autoreply', ['X-Mail-Autoreply: yes'], 'x', 'auto-reply'],
  ['absence in a webmail', ['Subject: Assente: Orari', 'In-Reply-To: <a@b>'], 'Sono in ferie.', 'auto-reply'],
  ['a null return path alone', ['Return-Path: <>'], 'Potete correggere la pagina?', undefined],
  ['suppressed answers alone', ['X-Auto-Response-Suppress: OOF'], 'Potete correggere la pagina?', undefined],
  ['importance', ['Importance: high', 'X-Priority: 1'], 'Potete correggere la pagina?', undefined],
];

describe('R8 machines start no request', () => {
  it.each(ROWS)('%s', async (_name, headers, body, kind) => {
    const found = await readMail(mail(headers, body), {});
    expect(found.kind === 'mail' ? found.automatic : 'unreadable').toBe(kind);
    if (found.kind === 'mail') expect(found.urgency.urgent).toBe(false);
  });
});
