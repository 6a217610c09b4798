import { describe, expect, it } from '@jest/globals';
import { takeInChargeDeadline } from '@monteore/calendar';
import { derivedId } from '@monteore/kernel';
import { MIA, NOWHERE, twoClients, VERA } from '../testing/two-clients.js';
import type { writtenMail } from '../testing/written-mail.js';

const clients = twoClients();

describe('R8 replies', () => {
  const reply = (to: string, more: Partial<Parameters<typeof writtenMail>[0]> = {}) =>
    clients.mail({
      subject: 'Re: Filo',
      messageId: `reply.${clients.made}.${to}@comune.example`,
      headers: [`In-Reply-To: <${to}>`],
      ...more,
    });
  const toSee = async () => {
    await clients.world.caughtUp();
    return (await clients.get('/v1/replies?limit=200')).body.items;
  };

  it('attach to their request, answers to answers too, and stay until seen', async () => {
    const { requestId } = (await clients.deliver(clients.mail())).body;
    const first = await clients.deliver(
      reply(`posta.${clients.made}@comune.example`, { text: 'È urgente!' }),
    );
    expect(first.body).toMatchObject({ disposition: 'reply', requestId });
    const answered = `reply.${clients.made}.posta.${clients.made}@comune.example@comune.example`;
    const second = await clients.deliver(
      reply(answered, { from: VERA.email, messageId: `second.${clients.made}@c` }),
    );
    expect(second.body).toMatchObject({ disposition: 'reply', requestId });
    const items = (await toSee()).filter((item: { requestId: string }) => item.requestId === requestId);
    expect(items.map((item: { urgent: boolean }) => item.urgent)).toEqual([true, false]);
    const path = `/v1/requests/${requestId}/replies/${items[0].replyId}/seen`;
    expect((await clients.post(path)).body).toMatchObject({ seen: true });
    expect((await clients.post(path)).status).toBe(200);
    expect((await toSee()).map((item: { replyId: string }) => item.replyId)).not.toContain(items[0].replyId);
    expect((await clients.post(`/v1/requests/${NOWHERE}/replies/${items[0].replyId}/seen`)).status).toBe(404);
    expect((await clients.post(`/v1/requests/${requestId}/replies/${NOWHERE}/seen`)).status).toBe(404);
  });

  it('from another client start a request of their own', async () => {
    const { requestId } = (await clients.deliver(clients.mail())).body;
    const foreign = await clients.deliver(reply(`posta.${clients.made}@comune.example`, { from: MIA.email }));
    expect(foreign.body.disposition).toBe('request');
    expect(foreign.body.requestId).not.toBe(requestId);
  });

  it('become a request, once, with the deadline of their receipt', async () => {
    const { requestId } = (await clients.deliver(clients.mail())).body;
    await clients.deliver(reply(`posta.${clients.made}@comune.example`));
    const [{ replyId, receivedAt }] = (await clients.get(`/v1/requests/${requestId}`)).body.replies;
    clients.world.clock.moveBy(2 * 86_400_000);
    const path = `/v1/requests/${requestId}/replies/${replyId}/request`;
    const done = await clients.post(path);
    expect(done.status).toBe(201);
    expect((await clients.get(`/v1/requests/${done.body.requestId}`)).body).toMatchObject({
      channel: 'reply',
      packageId: clients.sito,
      receivedAt,
      takeInChargeBy: takeInChargeDeadline(receivedAt, ['2026-12-24']).takeInChargeBy,
      subject: 'Re: Filo',
    });
    expect((await clients.post(path)).body).toEqual(done.body);
    expect((await toSee()).map((item: { replyId: string }) => item.replyId)).not.toContain(replyId);
  });

  it('to a finished activity are flagged', async () => {
    const { requestId } = (await clients.deliver(clients.mail())).body;
    const activity = {
      activityId: derivedId('over', requestId),
      packageId: clients.sito,
      clientId: clients.comune,
      requestId,
    };
    await clients.world.tellActivity('ActivityProposed', activity);
    await clients.world.tellActivity('ActivityCompleted', activity);
    await clients.deliver(reply(`posta.${clients.made}@comune.example`));
    expect((await clients.get(`/v1/requests/${requestId}`)).body.replies[0].flag).toBe('activity-finished');
  });

  it('to a mail about an activity that no request stands behind are kept with the activity', async () => {
    const activityId = derivedId('agreed', String(clients.made));
    const messageId = `out.${clients.made}@ore.agenzia.example`;
    await clients.world.tellActivity('ActivityProposed', {
      activityId,
      packageId: clients.sito,
      clientId: clients.comune,
    });
    await clients.world.query(
      `INSERT INTO outbound_mails (mail_id, message_id, cause_event_id, recipient_id, kind, package_id, client_id,
         activity_id, may_decide, model, state, next_attempt_at, created_at)
       VALUES ($1, $2, $1, $3, 'estimate-to-decide', $4, $5, $6, true, '{}', 'sent', now(), now())`,
      [activityId, messageId, clients.luca.subject, clients.sito, clients.comune, activityId],
    );
    const taken = await clients.deliver(reply(messageId, { text: 'È urgente.' }));
    expect(taken.body).toEqual({ disposition: 'reply', mailId: taken.body.mailId });
    const [item] = (await toSee()).filter((one: { activityId?: string }) => one.activityId === activityId);
    expect(item).toMatchObject({
      packageId: clients.sito,
      clientId: clients.comune,
      urgent: true,
      seen: false,
    });
    const made1 = await clients.post(`/v1/replies/${item.replyId}/request`);
    expect((await clients.get(`/v1/requests/${made1.body.requestId}`)).body).toMatchObject({
      channel: 'reply',
      urgent: true,
    });
    expect((await clients.post(`/v1/replies/${item.replyId}/seen`)).status).toBe(200);
  });

  it('our own mail that comes back is no reply', async () => {
    const messageId = `own.${clients.made}@ore.agenzia.example`;
    await clients.world.query(
      `INSERT INTO outbound_mails (mail_id, message_id, cause_event_id, recipient_id, kind, may_decide, model, state,
         next_attempt_at, created_at)
       VALUES ($1, $2, $1, 'x', 'request-received', false, '{}', 'sent', now(), now())`,
      [derivedId(messageId), messageId],
    );
    expect((await clients.deliver(clients.mail({ messageId }))).body.disposition).toBe('automatic');
  });
});
