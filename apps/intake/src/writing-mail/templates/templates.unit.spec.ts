import { describe, expect, it } from '@jest/globals';
import type { Language } from '@monteore/kernel';
import type { MailKind, MailModels, ToldEstimate } from '../models.js';
import type { Reading } from './mail-text.js';
import { mailText, oneLine, renderHtml, renderText } from './render.js';

const TITLE = 'Banner della mostra (extra)';
const ESTIMATE: ToldEstimate = {
  version: 2,
  minutes: 45,
  multiplier: 3,
  weightedMinutes: 135,
  urgent: true,
  assigneeId: 'lucia',
  due: { date: '2026-12-04', firmness: 'rigid' },
};
const PREVIOUS: ToldEstimate = {
  version: 1,
  minutes: 70,
  multiplier: 1,
  weightedMinutes: 70,
  urgent: false,
  assigneeId: 'lucia',
  due: { date: '2026-12-11', firmness: 'flexible' },
};
const AT = '2026-11-30T17:00:00.000Z';

const reading: Reading = {
  packageName: 'Sito 2026',
  activityTitle: TITLE,
  firstLot: { minutes: 1200, expiresOn: '2027-06-30' },
  about: { from: 'ignoto@altrove.example', subject: 'Preventivo' },
  mayDecide: true,
  nameOf: (id) => ({ lucia: 'Lucia Verdi', mario: 'Mario Rossi', anna: 'Anna Blu' })[id ?? ''] ?? 'NOBODY',
  linkTo: (id) => `https://ore.example/links/${id}`,
};

const link = (id: string) => `https://ore.example/links/${id}`;

/** Each kind, with all that must be read in either language, and what in Italian and in English. */
type Sample<K extends MailKind> = {
  readonly facts: MailModels[K];
  readonly both: readonly string[];
  readonly it: readonly string[];
  readonly en: readonly string[];
};

const SAMPLES: { readonly [K in MailKind]: Sample<K> } = {
  'request-received': {
    facts: {
      number: 12,
      takeInChargeBy: AT,
      urgent: true,
      urgentMultiplier: 3,
      possiblySeveral: true,
      isPart: false,
    },
    both: ['R-12', '18:00'],
    it: [
      'lunedì 30 novembre 2026, ore 18:00',
      'pari al triplo del tempo effettivo',
      'contenga più richieste',
    ],
    en: ['Monday 30 November 2026, 18:00', 'three times the actual time', 'seems to hold several requests'],
  },
  'request-dismissed': {
    facts: { number: 12, reason: 'Già fatto con R-11' },
    both: ['R-12', 'Già fatto con R-11'],
    it: ['senza utilizzare ore'],
    en: ['without using hours'],
  },
  'reply-approvo': {
    facts: {
      replyId: 'r1',
      number: 12,
      waiting: [{ activityId: 'a1', version: 2, title: TITLE }],
    },
    both: ['R-12', TITLE, link('a1')],
    it: ['Una e-mail da sola non approva la stima'],
    en: ['An e-mail alone does not approve an estimate'],
  },
  'hours-missing': {
    facts: { title: TITLE, weightedMinutes: 135, missingMinutes: 75, availableMinutes: 60 },
    both: [TITLE, '2 h 15 min', '1 h 15 min', '1 h'],
    it: ['Per aggiungere ore', 'Ore mancanti'],
    en: ['To add hours', 'Hours missing'],
  },
  'estimate-to-decide': {
    facts: { activityId: 'a1', title: TITLE, estimate: ESTIMATE, previous: PREVIOUS },
    both: [TITLE, '45 min', '2 h 15 min', '× 3', 'Lucia Verdi', '1 h 10 min', link('a1')],
    it: ['venerdì 4 dicembre 2026 (rigida)', 'resta valida la versione 1', '(flessibile)'],
    en: ['Friday 4 December 2026 (rigid)', 'version 1 stays in force', '(flexible)'],
  },
  'major-extra': {
    facts: {
      activityId: 'a1',
      title: TITLE,
      estimate: ESTIMATE,
      availableMinutes: 200,
      leftMinutes: 65,
      wouldNotFit: [{ title: 'Traduzione del sito', weightedMinutes: 95 }],
    },
    both: [
      TITLE,
      '45 min',
      '2 h 15 min',
      '3 h 20 min',
      '1 h 05 min',
      'Traduzione del sito',
      '1 h 35 min',
      link('a1'),
    ],
    it: ["non sufficiente all'ultimazione", 'Non rientrerebbe più'],
    en: ['may afterwards not be enough', 'Would no longer fit'],
  },
  'extra-activated': {
    facts: { title: TITLE, estimate: PREVIOUS, availableMinutes: 200 },
    both: [TITLE, '1 h 10 min', '3 h 20 min', 'Lucia Verdi'],
    it: ['avviata automaticamente'],
    en: ['started automatically'],
  },
  'urgency-lowered': {
    facts: { title: TITLE, estimate: PREVIOUS, availableMinutes: 200 },
    both: [TITLE, '1 h 10 min', '3 h 20 min'],
    it: ['senza urgenza'],
    en: ['without urgency'],
  },
  'decision-recorded': {
    facts: {
      title: TITLE,
      outcome: 'waiting-for-hours',
      version: 2,
      weightedMinutes: 135,
      decidedById: 'mario',
      recordedById: 'anna',
      decidedAt: AT,
      reason: 'Serve per la mostra',
      missingMinutes: 75,
      availableMinutes: 60,
    },
    both: [TITLE, '2 h 15 min', '1 h 15 min', 'Mario Rossi', 'Anna Blu', 'Serve per la mostra', '18:00'],
    it: ["l'approvazione è registrata", 'Registrato da'],
    en: ['The approval is recorded', 'Recorded by'],
  },
  'overrun-to-decide': {
    facts: { overrunId: 'o1', minutes: 90, actualMinutes: 150, availableMinutes: 30 },
    both: [TITLE, '1 h 30 min', '2 h 30 min', '30 min', link('o1')],
    it: ["non bastano per l'addebito"],
    en: ['not enough to charge it'],
  },
  'date-moved': {
    facts: { title: TITLE, previousDue: PREVIOUS.due, due: ESTIMATE.due, reason: 'Foto in ritardo' },
    both: [TITLE, 'Foto in ritardo'],
    it: ['venerdì 11 dicembre 2026', 'venerdì 4 dicembre 2026'],
    en: ['Friday 11 December 2026', 'Friday 4 December 2026'],
  },
  'assignee-changed': {
    facts: { title: TITLE, previousAssigneeId: 'lucia', assigneeId: 'anna' },
    both: [TITLE, 'Lucia Verdi', 'Anna Blu'],
    it: ['Ora se ne occupa'],
    en: ['Now in charge'],
  },
  threshold: {
    facts: {
      thresholdsPercent: [50, 75],
      consumedPercent: 78,
      balances: {
        grantedMinutes: 600,
        chargedMinutes: 468,
        postedMinutes: 132,
        heldMinutes: 30,
        availableMinutes: 102,
      },
    },
    both: ['78 %', '50 %, 75 %', '10 h', '7 h 48 min', '2 h 12 min', '30 min', '1 h 42 min', 'Sito 2026'],
    it: ['Soglie raggiunte'],
    en: ['Marks reached'],
  },
  'expiry-near': {
    facts: { expiresOn: '2026-12-31', freeMinutes: 130, heldMinutes: 40 },
    both: ['2 h 10 min', '40 min', 'Sito 2026'],
    it: ['giovedì 31 dicembre 2026'],
    en: ['Thursday 31 December 2026'],
  },
  'package-opened': {
    facts: { endsOn: '2027-12-31', agreed: [{ title: 'Restyling', estimateMinutes: 300 }] },
    both: ['Sito 2026', '20 h', 'Restyling', '5 h', link('board')],
    it: ['venerdì 31 dicembre 2027', 'mercoledì 30 giugno 2027', 'Non occorre registrarsi'],
    en: ['Friday 31 December 2027', 'Wednesday 30 June 2027', 'no need to register'],
  },
  'package-closed': {
    facts: { sha256: 'ab', fileName: 'sito-2026.xlsx' },
    both: ['Sito 2026', 'sito-2026.xlsx'],
    it: ['foglio Excel'],
    en: ['Excel file'],
  },
  'deadline-near': {
    facts: { number: 12, takeInChargeBy: AT },
    both: ['R-12', '18:00'],
    it: ['resta un giorno lavorativo'],
    en: ['one working day left'],
  },
  'deadline-missed': {
    facts: { number: 12, takeInChargeBy: AT },
    both: ['R-12', '18:00'],
    it: ['termine superato'],
    en: ['deadline missed'],
  },
  quarantine: {
    facts: { mailId: 'm1', receivedAt: AT, reason: 'unauthenticated' },
    both: ['ignoto@altrove.example', 'Preventivo', '18:00', 'DMARC'],
    it: ['rilasci o la scarti'],
    en: ['release or discard'],
  },
  'viewer-waits': {
    facts: { mailId: 'm1', receivedAt: AT },
    both: ['18:00'],
    it: ['il messaggio attende'],
    en: ['the message waits'],
  },
  'closure-scheduled': {
    facts: { closesAt: AT },
    both: ['Sito 2026', '18:00'],
    it: ['Si chiuderà da solo'],
    en: ['closes by itself'],
  },
};

const KINDS = Object.keys(SAMPLES) as MailKind[];
const CASES = KINDS.flatMap((kind) => (['it', 'en'] as const).map((language) => ({ kind, language })));

function written<K extends MailKind>(
  kind: K,
  language: Language,
  facts: MailModels[K] = SAMPLES[kind].facts,
  as: Reading = reading,
) {
  const mail = mailText(kind, facts, as, language);
  const frame = { language, recipientName: 'Ufficio Turismo', packageName: 'Sito 2026' };
  return { mail, text: renderText(mail, frame), html: renderHtml(mail, frame) };
}

/** What a person reads of HTML. */
const readable = (html: string) =>
  html
    .replace(/<a href="([^"]*)"/g, '$1 <a')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#39;/g, "'")
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ');

describe('R11 mails in the contact’s language, in text and HTML', () => {
  it.each(CASES)('$kind in $language says everything, in both bodies', ({ kind, language }) => {
    const { mail, text, html } = written(kind, language);
    const everything = `${mail.headline}\n${text}`;
    for (const part of [...SAMPLES[kind].both, ...SAMPLES[kind][language]]) {
      expect(everything).toContain(part);
    }
    const bodyLines = text.split('\n').filter((line) => line.trim() !== '' && line !== '-- ');
    for (const line of bodyLines) {
      const words = line
        .replace(/^- /, '')
        .split(': ')
        .map((part) => part.replace(/:$/, ''));
      for (const part of words) expect(readable(html)).toContain(part.replace(/\s+/g, ' '));
    }
    expect(everything + html).not.toMatch(/undefined|\bnull\b|NaN|\[object|NOBODY/);
    expect(text).toContain('Ufficio Turismo');
    expect(html).toContain(`<html lang="${language}">`);
  });

  it.each(CASES)('$kind in $language loads nothing and runs nothing', ({ kind, language }) => {
    expect(written(kind, language).html).not.toMatch(/<script|<img|<link|<iframe|@import|url\(|\ssrc=/i);
  });

  it.each(KINDS)('%s differs between the languages', (kind) => {
    expect(written(kind, 'it').text).not.toBe(written(kind, 'en').text);
    expect(written(kind, 'it').mail.headline).not.toBe('');
  });
});

describe('R2 urgency is told with what it costs', () => {
  const facts = SAMPLES['request-received'].facts;
  it.each([
    [1, 'it', 'non comporta un costo maggiore'],
    [2, 'it', 'pari al doppio del tempo effettivo'],
    [5, 'it', 'pari a 5 volte il tempo effettivo'],
    [1, 'en', 'costs nothing more'],
    [2, 'en', 'twice'],
    [5, 'en', '5 times'],
  ] as const)('multiplier %d in %s', (urgentMultiplier, language, words) => {
    expect(written('request-received', language, { ...facts, urgentMultiplier }).text).toContain(words);
  });

  it('says nothing of a price where nothing is urgent', () => {
    const { text } = written('request-received', 'it', { ...facts, urgent: false, possiblySeveral: false });
    expect(text).not.toContain('triplo');
    expect(text).not.toContain('più richieste');
    expect(text).toContain('Urgente: no');
  });
});

describe('R5 only approvers get links to decide with', () => {
  const requester: Reading = { ...reading, mayDecide: false, linkTo: () => undefined };
  it.each(['estimate-to-decide', 'major-extra', 'overrun-to-decide', 'reply-approvo'] as const)(
    '%s tells a requester who decides',
    (kind) => {
      const { mail, text, html } = written(kind, 'it', SAMPLES[kind].facts, requester);
      expect(mail.buttons).toEqual([]);
      expect(text).toContain('La decisione spetta a chi approva');
      expect(html).not.toContain('href');
    },
  );

  it('answers "approvo" where nothing waits for a decision', () => {
    const facts = { replyId: 'r1', waiting: [] };
    const { text } = written('reply-approvo', 'en', facts);
    expect(text).toContain('No estimate of this request waits for a decision');
    expect(text).not.toContain('R-');
  });
});

describe('R5 a rejected newer version leaves the approved one in force', () => {
  const facts = { title: TITLE, outcome: 'rejected', version: 2, versionInForce: 1 } as const;
  it.each([
    ['it', 'resta valida la versione 1', 'nessuna ora è stata impegnata'],
    ['en', 'version 1 stays in force', 'no hours have been set aside'],
  ] as const)('in %s', (language, stays, nothing) => {
    expect(written('decision-recorded', language, facts).text).toContain(stays);
    const { versionInForce: _, ...first } = facts;
    expect(written('decision-recorded', language, first).text).toContain(nothing);
  });
});

describe('R11 hostile titles and names are harmless', () => {
  const HOSTILE = "<script>alert(1)</script>\r\nBcc: a@b.example\u2028\"'&\u202E=cmd|'/C calc'!A0";

  it('escapes them in HTML and keeps them on one line', () => {
    const facts = { ...SAMPLES['hours-missing'].facts, title: HOSTILE };
    const { mail, text, html } = written('hours-missing', 'en', facts);
    expect(html).not.toContain('<script');
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt; Bcc: a@b.example');
    expect(mail.headline).not.toMatch(/[\r\n\u2028\u202E]/);
    expect(text.split('\n')).not.toContainEqual(expect.stringMatching(/^Bcc:/));
  });

  it('escapes names, links and the package as well', () => {
    const mail = mailText(
      'estimate-to-decide',
      SAMPLES['estimate-to-decide'].facts,
      { ...reading, linkTo: () => 'https://x/"><script>' },
      'it',
    );
    const html = renderHtml(mail, { language: 'it', recipientName: HOSTILE, packageName: HOSTILE });
    expect(html).not.toContain('<script');
  });

  it('reaches texts inside lists, and bounds what has no end', () => {
    const facts = {
      ...SAMPLES['major-extra'].facts,
      wouldNotFit: [{ title: `a\nb${'x'.repeat(40_000)}`, weightedMinutes: 1 }],
    };
    const { text } = written('major-extra', 'it', facts);
    expect(text).toContain('a bxxx');
    expect(text.length).toBeLessThan(5000);
  });

  it.each([
    ['a\tb\u0000c', 'a b c'],
    [' \u200e\u202ex\u2066 ', 'x'],
    ['\ud800', '\ufffd'],
    ['famiglia 👨‍👩‍👧', 'famiglia 👨‍👩‍👧'],
  ])('puts %j on one line', (text, expected) => {
    expect(oneLine(text)).toBe(expected);
  });
});
