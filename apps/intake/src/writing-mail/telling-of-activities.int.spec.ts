import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EventTypeOf } from '@monteore/contracts';
import { derivedId } from '@monteore/kernel';
import { MailWorld, tokenIn } from '../testing/mail-world.js';
import { Story } from '../testing/story.js';

const world = new MailWorld();
beforeAll(() => world.start());
afterAll(() => world.stop());

describe('R3, R5 estimates to decide', () => {
  it('gives approvers a single-use link, and the request’s sender none; topics may come in any order', async () => {
    const story = new Story(world.mail, 'decidere');
    const approver = story.contact('dirigente', ['approver'], 'en');
    const sender = story.contact('turismo', ['requester']);
    const stranger = story.contact('altro', ['requester']);
    const requestId = await world.keepRequest(story, {
      number: 44,
      contactId: sender.contactId,
      email: sender.email,
      subject: 'Banner',
    });
    const activity = story.activity({ requestId });
    await story.askDecision(activity);
    expect(await world.mailsOf(story.packageId)).toEqual([]);
    await story.meet(approver, sender, stranger);
    await story.open();

    const toApprover = await world.mailTo(approver.email, 'estimate-to-decide');
    const token = tokenIn(toApprover.text, 'estimation/v1/decision-links');
    const verified = await world.links.verify('decision', token);
    expect(verified).toMatchObject({
      packageId: story.packageId,
      activityId: activity.activityId,
      version: 1,
      contactId: approver.contactId,
    });
    const toSender = await world.mailTo(sender.email, 'estimate-to-decide');
    expect(toSender.text).not.toContain('/api/');
    expect(toSender.text).toContain('La decisione spetta a chi approva');
    const told = (await world.mailsOf(story.packageId)).filter((row) => row.kind === 'estimate-to-decide');
    expect(told.map((row) => row.recipient_id).sort()).toEqual([approver.contactId, sender.contactId].sort());
  });

  it('warns of a major extra with the numbers', async () => {
    const story = new Story(world.mail, 'maggiore');
    const approver = story.contact('dirigente', ['approver']);
    await story.meet(approver);
    await story.open();
    await story.askDecision(story.activity(), {
      warning: {
        availableMinutes: 200,
        leftMinutes: 110,
        wouldNotFit: [{ activityId: 'x', displayTitle: 'Traduzione', weightedMinutes: 125 }],
      },
    });
    const { text } = await world.mailTo(approver.email, 'major-extra');
    for (const part of [
      '3 h 20 min',
      '1 h 30 min',
      '1 h 50 min',
      'Traduzione (2 h 05 min)',
      'Banner (extra)',
    ])
      expect(text).toContain(part);
    expect(
      await world.links.verify('decision', tokenIn(text, 'estimation/v1/decision-links')),
    ).not.toBeNull();
  });

  it('waits for the names of people, which come on another topic', async () => {
    const story = new Story(world.mail, 'nomi');
    const approver = story.contact('dirigente', ['approver']);
    const assigneeId = derivedId('assignee', 'nomi');
    await story.meet(approver);
    await story.open();
    const activity = story.activity();
    await story.askDecision({ ...activity, estimate: { ...activity.estimate!, assigneeId } });
    await world.mailTo(approver.email, 'package-opened');
    const [waiting] = await world.query(
      `SELECT state, rendered FROM outbound_mails WHERE package_id = $1 AND kind = 'estimate-to-decide'`,
      [story.packageId],
    );
    expect(waiting).toEqual({ state: 'queued', rendered: null });
    await world.mail.tellPerson({ personId: assigneeId, kind: 'team', name: 'Lucia Verdi' });
    expect((await world.mailTo(approver.email, 'estimate-to-decide')).text).toContain(
      'Se ne occupa: Lucia Verdi',
    );
  });

  it('tells what was decided with both names, where one acted for the other', async () => {
    const story = new Story(world.mail, 'decisa');
    const approver = story.contact('dirigente', ['approver']);
    await story.meet(approver);
    await story.open();
    const active = story.activity({
      state: 'active',
      decisionAsked: false,
      approval: 'approved',
      decidedBy: { subject: story.referentId, role: 'referent', onBehalfOf: approver.contactId },
      decidedAt: '2026-11-24T09:00:00.000Z',
    });
    await story.estimation('ActivityActivated', active, { version: 1, cause: 'approved' });
    const { text } = await world.mailTo(approver.email, 'decision-recorded');
    expect(text).toContain('le ore necessarie sono state prenotate');
    expect(text).toContain('Deciso da: Ufficio dirigente');
    expect(text).toContain(`Registrato da: ${story.referentEmail}`);
    expect(text).toContain('Quando: martedì 24 novembre 2026, ore 10:00');
  });
});

describe('R5 decisions recorded by a token that is no person’s', () => {
  it('are told at once: no name of it is on its way', async () => {
    const story = new Story(world.mail, 'amministrazione');
    const approver = story.contact('dirigente', ['approver']);
    await story.meet(approver);
    await story.open();
    const active = story.activity({
      state: 'active',
      decisionAsked: false,
      approval: 'approved',
      decidedBy: { subject: 'administrator', role: 'administrator', onBehalfOf: approver.contactId },
      decidedAt: '2026-11-24T09:00:00.000Z',
    });
    await story.estimation('ActivityActivated', active, { version: 1, cause: 'approved' });
    const { text } = await world.mailTo(approver.email, 'decision-recorded');
    expect(text).toContain('Deciso da: Ufficio dirigente');
    expect(text).toContain('Registrato da: una persona del team');
  });
});

interface Told {
  readonly type: EventTypeOf<'estimation'>;
  readonly approval?: 'approved';
  readonly facts: object;
  readonly kind: string;
  readonly says: readonly string[];
}

describe('R2, R3, R5, R10 the client is told', () => {
  const previousDue = { date: '2026-12-04', firmness: 'flexible' };
  const told: readonly Told[] = [
    {
      type: 'ActivityActivated',
      facts: { version: 1, cause: 'automatic' },
      kind: 'extra-activated',
      says: ['avviata automaticamente', '1 h 30 min'],
    },
    {
      type: 'ActivityActivated',
      facts: { version: 1, cause: 'lowered' },
      kind: 'urgency-lowered',
      says: ['senza urgenza', '1 h 30 min'],
    },
    {
      type: 'ActivityWaitingForHours',
      facts: { version: 1, cause: 'gate', missingMinutes: 75 },
      kind: 'hours-missing',
      says: ['Ore mancanti: 1 h 15 min', 'Per aggiungere ore'],
    },
    {
      type: 'ActivityWaitingForHours',
      approval: 'approved',
      facts: { version: 1, cause: 'reservation', missingMinutes: 75 },
      kind: 'decision-recorded',
      says: ["l'approvazione è registrata", 'Ore mancanti: 1 h 15 min', 'Per aggiungere ore'],
    },
    {
      type: 'EstimateRejected',
      facts: { version: 1, decidedBy: { subject: 'system', role: 'system' }, reason: 'Troppo' },
      kind: 'decision-recorded',
      says: ['nessuna ora è stata impegnata', 'Motivo: Troppo'],
    },
    {
      type: 'DueDateChanged',
      facts: { previousDue, reason: 'Foto in ritardo' },
      kind: 'date-moved',
      says: ['4 dicembre 2026', '11 dicembre 2026 (flessibile)', 'Foto in ritardo'],
    },
    {
      type: 'ActivityReassigned',
      facts: {},
      kind: 'assignee-changed',
      says: ['Ora se ne occupa: assegnata'],
    },
  ];

  it.each(told.map((one, index) => ({ ...one, index })))(
    '$kind after $type',
    async ({ type, facts, kind, says, approval, index }) => {
      const story = new Story(world.mail, `caso-${index}`);
      const approver = story.contact('dirigente', ['approver']);
      await story.meet(approver);
      await story.open();
      const assigneeId = derivedId('assignee', String(index));
      await world.mail.tellPerson({ personId: assigneeId, kind: 'team', name: 'assegnata' });
      const due = { date: '2026-12-11', firmness: 'flexible' as const };
      const activity = story.activity({ assigneeId, due, ...(approval === undefined ? {} : { approval }) });
      await story.estimation(type, activity, facts);
      const { parsed, text } = await world.mailTo(approver.email, kind);
      expect(parsed.subject).toContain('Banner (extra)');
      for (const part of says) expect(text).toContain(part);
    },
  );
});

describe('R6 overrun to decide', () => {
  it('names the activity and links to the ledger', async () => {
    const story = new Story(world.mail, 'sforo');
    const approver = story.contact('dirigente', ['approver']);
    await story.meet(approver);
    await story.open();
    const activity = story.activity();
    await story.ledger('OverrunRecorded', {
      overrunId: 'o-1',
      workEntryId: 'w-1',
      activityId: activity.activityId,
      minutes: 75,
      activity: {
        activityId: activity.activityId,
        heldMinutes: 0,
        actualMinutes: 165,
        chargedMinutes: 90,
        overrunMinutes: 75,
      },
    });
    expect((await world.mailsOf(story.packageId)).map((row) => row.kind)).not.toContain('overrun-to-decide');
    await story.estimation('ActivityProposed', activity);
    const { text, parsed } = await world.mailTo(approver.email, 'overrun-to-decide');
    expect(parsed.subject).toBe('Tempo oltre la stima: Banner (extra)');
    for (const part of ['1 h 15 min', '2 h 45 min', '10 h']) expect(text).toContain(part);
    const token = tokenIn(text, 'ledger/v1/overrun-links');
    expect(await world.links.verify('overrun', token)).toMatchObject({
      packageId: story.packageId,
      overrunId: 'o-1',
      contactId: approver.contactId,
    });
  });
});
