import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  dayOf,
  eventually,
  type Instance,
  linksIn,
  type Parsed,
  type SentMail,
  startInstance,
} from '../harness/index.ts';
import { type Client, Desk, type Opened, unique } from './desk.ts';

jest.setTimeout(60_000);

let instance: Instance;
let desk: Desk;

beforeAll(async () => {
  instance = await startInstance({ clock: true });
  desk = await Desk.of(instance);
}, 90_000);

afterAll(() => instance?.stop());

/** The kinds of mail out and the words of their subject, by the language of the contact. */
const SUBJECTS = {
  it: {
    opened: /Pacchetto orario aperto/,
    received: /ricevuta/,
    decide: /Stima da approvare/,
    recorded: /Attività approvata: Concordata/,
    activated: /Attività avviata: Piccola \(extra\)/,
    major: /Conferma necessaria: Grande \(extra\)/,
    missing: /Ore insufficienti: Enorme \(extra\)/,
    rejected: /Stima non approvata: Grande \(extra\)/,
    overrun: /Tempo oltre la stima/,
    moved: /Nuova data: Concordata/,
    threshold: /Pacchetto orario al 50 %/,
    closed: /Pacchetto orario chiuso/,
  },
  en: {
    opened: /Package of hours opened/,
    received: /received/,
    decide: /Estimate to decide/,
    recorded: /Activity approved: Concordata/,
    activated: /Activity started: Piccola \(extra\)/,
    major: /Confirmation needed: Grande \(extra\)/,
    missing: /Not enough hours: Enorme \(extra\)/,
    rejected: /Estimate not approved: Grande \(extra\)/,
    overrun: /More time than estimated: Concordata/,
    moved: /New date: Concordata/,
    threshold: /50 ?%/,
    closed: /closed/,
  },
} as const;
type Kind = keyof (typeof SUBJECTS)['it'];

/** One life of a package that causes each kind of mail. */
async function liveIn(
  language: 'it' | 'en',
): Promise<{ client: Client; opened: Opened; requestSubject: string }> {
  const client = await desk.client(language);
  const opened = await desk.package(client, {
    minutes: 300,
    agreed: [{ title: 'Concordata', minutes: 120 }],
  });
  const { steps } = opened;
  const requestSubject = unique('Richiesta');
  await desk.mail(client.requester.email, opened.mailbox, {
    subject: requestSubject,
    text: 'Vi chiediamo di correggere un refuso nella home page.',
  });
  const { requestId } = await desk.requestBySubject(requestSubject);
  const agreedId = await steps.agreed('Concordata');
  await steps.approve(agreedId);
  await steps.estimatedExtra('Piccola', 20, { requestId });
  const major = await steps.estimatedExtra('Grande', 100);
  await steps.decide(major.activityId, 1, 'reject', { reason: 'troppo' });
  await steps.estimatedExtra('Enorme', 5000);
  const path = `/estimation/v1/activities/${agreedId}/due-date`;
  await desk.team.must(desk.team.post(path, { date: dayOf(instance, 70), reason: 'foto' }));
  const { overrunId } = await steps.worked(agreedId, 160);
  await desk.mailTo(client.approver.email, SUBJECTS[language].overrun);
  await desk.team.must(steps.decideOverrun(overrunId, 'charge'));
  await steps.books({ postedMinutes: 140 });
  return { client, opened, requestSubject };
}

describe('R11 every mail of a package’s life', () => {
  describe.each(['it', 'en'] as const)('in %s', (language) => {
    let life: Awaited<ReturnType<typeof liveIn>>;
    const found = (kind: Kind, to: 'approver' | 'requester' | 'viewer' = 'approver') =>
      desk.mailTo(life.client[to].email, SUBJECTS[language][kind]);

    beforeAll(async () => {
      life = await liveIn(language);
    });

    test.each([
      ...['opened', 'decide', 'recorded', 'activated', 'major', 'missing', 'rejected', 'overrun', 'moved'],
      'threshold',
    ] as Kind[])('%s reaches the approver', async (kind) => {
      const mail = await found(kind);
      expectWellMade(mail, language);
    });

    test('its request is confirmed, and what follows from it is threaded with it', async () => {
      const confirmation = await found('received', 'requester');
      const request = await desk.requestBySubject(life.requestSubject);
      expect(confirmation.parsed.inReplyTo).toBe(`<${request.messageId}>`);
      expect(confirmation.subject).toMatch(new RegExp(`^Re: ${life.requestSubject}`));
      const started = await found('activated', 'requester');
      expect(started.parsed.references).toEqual(
        expect.arrayContaining([`<${request.messageId}>`, confirmation.parsed.messageId]),
      );
      expectWellMade(confirmation, language);
    });

    test('the major extra is asked with the numbers and the warning', async () => {
      const { text } = await found('major');
      expect(text).toMatch(language === 'it' ? /non sufficiente/ : /not be enough/);
      // 300 less 120 held and 20 held: 160 available, 100 asked, 60 left.
      for (const number of ['1 h 40 min', '2 h 40 min', '1 h']) expect(text).toContain(number);
    });

    test('every mail is recorded with its kind and state, and has an id of its own', async () => {
      const { items } = await desk.team.must(
        desk.team.get(`/intake/v1/outbound-mail?packageId=${life.opened.packageId}&limit=200`),
      );
      for (const { to, subject, kind, state, sentAt } of items)
        expect([to, subject, kind, state, sentAt]).toEqual([
          expect.stringMatching(/@/),
          expect.any(String),
          expect.any(String),
          'sent',
          expect.stringMatching(/Z$/),
        ]);
      const ids = items.map(({ messageId }: Parsed) => messageId);
      expect(new Set(ids).size).toBe(ids.length);
      const files = await desk.mailsTo(life.client.approver.email);
      expect(ids).toEqual(expect.arrayContaining(files.map(({ parsed }) => parsed.messageId)));
    });

    test('viewers are told of the package, not asked to decide', async () => {
      const mail = await found('opened', 'viewer');
      expect(linksIn(mail, 'board-links')).toHaveLength(1);
      for (const seen of await desk.mailsTo(life.client.viewer.email))
        expect(linksIn(seen, 'decision-links')).toEqual([]);
    });

    test('the closing brings the spreadsheet', async () => {
      expect((await life.opened.steps.close('expire')).status).toBe(200);
      const mail = await found('closed', 'viewer');
      expect(mail.parsed.attachments).toHaveLength(1);
      expectWellMade(mail, language);
    });
  });
});

describe('R11 the personal link to the board', () => {
  test('is a page without a script and without a button; it follows the roles of now', async () => {
    const client = await desk.client('en');
    const opened = await desk.package(client, { agreed: [{ title: 'Concordata', minutes: 60 }] });
    const mail = await desk.mailTo(client.viewer.email, SUBJECTS.en.opened);
    const [path] = linksIn(mail, 'board-links');
    const page = await open(path!);
    expect([page.status, page.headers.get('content-type')]).toEqual([
      200,
      expect.stringMatching(/^text\/html/),
    ]);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page.text).toContain('<html lang="en"');
    expect(page.text).toContain('Concordata');
    expect(page.text).not.toMatch(/<script|<form|<button|onclick/i);
    expect((await open(path!, { method: 'POST', body: 'x=1' })).status).toBeGreaterThanOrEqual(400);
    expect((await open(`${path}/export.xlsx`)).status).toBe(200);
    await desk.team.must(
      desk.team.patch(`/ledger/v1/clients/${client.clientId}/contacts/${client.viewer.contactId}`, {
        active: false,
      }),
    );
    await eventually(async () => (await open(path!)).status === 404, 'the link opens nothing any more');
    await opened.steps.books();
  });
});

describe('R5 R11 the single-use link', () => {
  const ask = async (language: 'it' | 'en' = 'it') => {
    const client = await desk.client(language);
    const opened = await desk.package(client, { agreed: [{ title: 'Concordata', minutes: 60 }] });
    const activityId = await opened.steps.agreed('Concordata');
    return { client, opened, activityId, path: await opened.steps.linkFor('Concordata') };
  };

  test('opening shows, however often; a pressed button decides once; the page works without a script', async () => {
    const { opened, activityId, path } = await ask();
    for (let times = 0; times < 3; times += 1) {
      const page = await open(path);
      expect(page.status).toBe(200);
      expect(page.text).toMatch(/<form method="post"/);
      expect(page.text).not.toMatch(/<script|onclick/i);
    }
    expect((await open(path, { method: 'HEAD' })).status).toBeLessThan(500);
    expect((await opened.steps.activity(activityId)).approval).toBe('waiting');
    const pressed = await press(path, 'approve');
    expect(pressed.status).toBe(200);
    expect(pressed.text).not.toMatch(/<form/);
    expect(await opened.steps.activity(activityId)).toMatchObject({ approval: 'approved', heldMinutes: 60 });
    const again = await press(path, 'approve');
    expect(again.status).toBe(200);
    const opposite = await press(path, 'reject');
    expect(opposite.text).toContain('Approvata');
    expect(await opened.steps.activity(activityId)).toMatchObject({ approval: 'approved', heldMinutes: 60 });
    await opened.steps.books({ heldMinutes: 60, pendingMinutes: 0 });
  });

  test('a role that is lost kills the links that were not used', async () => {
    const { client, opened, activityId, path } = await ask();
    await desk.team.must(
      desk.team.patch(`/ledger/v1/clients/${client.clientId}/contacts/${client.approver.contactId}`, {
        roles: ['viewer'],
      }),
    );
    await eventually(async () => (await open(path)).status === 404, 'the link opens nothing any more');
    expect((await press(path, 'approve')).status).toBe(404);
    expect((await opened.steps.activity(activityId)).approval).toBe('waiting');
    await opened.steps.books({ heldMinutes: 0, pendingMinutes: 60 });
  });

  test('a forged link tells nothing', async () => {
    const { path, opened } = await ask('en');
    const forged = [
      `${path.slice(0, -6)}AAAAAA`,
      path.replace(/[^/]+$/, 'nonsense'),
      path.replace('decision-links', 'overrun-links').replace('estimation', 'ledger'),
    ];
    for (const link of forged) {
      const page = await open(link);
      expect(page.status).toBe(404);
      expect(page.text).not.toContain(opened.name);
      expect((await press(link, 'approve')).status).toBe(404);
    }
  });
});

const urlOf = (path: string): string => `${instance.baseUrl}/api${path}`;

async function open(path: string, init: RequestInit = {}) {
  const answer = await fetch(urlOf(path), {
    ...init,
    headers: {
      accept: 'text/html',
      ...(init.body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
    },
  });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

const press = (path: string, decision: string) =>
  open(path, { method: 'POST', body: new URLSearchParams({ decision, reason: '' }).toString() });

/** Both bodies, in the language of the reader, that no machine answers, with the same links in both. */
function expectWellMade(mail: SentMail, language: 'it' | 'en'): void {
  const { headers } = mail.parsed;
  expect(mail.text).toMatch(language === 'it' ? /Cordiali saluti/ : /regards/i);
  expect(mail.html).toContain(`<html lang="${language}"`);
  expect(headers.get('content-language')).toBe(language);
  expect(headers.get('auto-submitted')).toBe('auto-generated');
  expect(mail.parsed.messageId).toMatch(/^<.+@.+>$/);
  for (const kind of ['decision-links', 'overrun-links', 'board-links'])
    expect(linksIn({ text: mail.html.replaceAll('"', ' ') }, kind)).toEqual(linksIn(mail, kind));
  expect(mail.html).not.toMatch(/<script|<img|src=/i);
}
