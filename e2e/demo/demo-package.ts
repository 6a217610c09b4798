import { randomUUID } from 'node:crypto';
import { eventually } from '@monteore/testing';
import type { Instance } from '../harness/instance.ts';
import { linksIn, type SentMail } from '../harness/outbox.ts';
import { type Parsed, RestClient } from '../harness/rest-client.ts';
import { plainMail, sendRawMail } from '../harness/send-mail.ts';

export interface AgreedActivity {
  readonly title: string;
  readonly kind: string;
  readonly estimateMinutes: number;
}

/** The addresses of the people of the steps. */
export const PEOPLE = {
  referent: 'assistenza@agenzia.example',
  approver: 'ufficio.turismo@comune.example',
  requester: 'segreteria@comune.example',
  viewer: 'protocollo@comune.example',
} as const;

/** What people do with one package, by mail and REST alone, as steps to put together. */
export class DemoPackage {
  readonly instance: Instance;
  readonly team: RestClient;
  readonly packageId: string;
  readonly clientId: string;
  readonly contacts: ReadonlyMap<string, string>;

  private constructor(
    instance: Instance,
    team: RestClient,
    opened: { packageId: string; clientId: string; contacts: ReadonlyMap<string, string> },
  ) {
    this.instance = instance;
    this.team = team;
    this.packageId = opened.packageId;
    this.clientId = opened.clientId;
    this.contacts = opened.contacts;
  }

  /** Registers a client with approver, requester and viewer, and opens a package for it. */
  static async open(
    instance: Instance,
    { grantedMinutes, agreed }: { grantedMinutes: number; agreed: readonly AgreedActivity[] },
  ): Promise<DemoPackage> {
    const team = await instance.rest('referent', { subject: PEOPLE.referent });
    const client = await team.must(
      team.post('/ledger/v1/clients', {
        name: 'Comune di Esempio',
        language: 'it',
        contacts: [
          { name: 'Ufficio Turismo', email: PEOPLE.approver, roles: ['approver', 'requester'] },
          { name: 'Segreteria', email: PEOPLE.requester, roles: ['requester'] },
          { name: 'Ufficio Protocollo', email: PEOPLE.viewer, roles: ['viewer'] },
        ],
      }),
    );
    const due = { date: dateIn(instance, 30), firmness: 'flexible' };
    const { packageId } = await team.must(
      team.post('/ledger/v1/packages', {
        clientId: client.clientId,
        name: 'Assistenza sito turistico',
        referentEmail: PEOPLE.referent,
        grantedMinutes,
        agreedActivities: agreed.map((activity) => ({ ...activity, assignee: PEOPLE.referent, due })),
      }),
    );
    const contacts = new Map<string, string>(
      client.contacts.map(({ email, contactId }: Parsed) => [email, contactId]),
    );
    return new DemoPackage(instance, team, { packageId, clientId: client.clientId, contacts });
  }

  /** A contact's own REST client. */
  as(role: 'approver' | 'requester' | 'viewer'): Promise<RestClient> {
    return this.instance.rest(role, { contact: this.contacts.get(PEOPLE[role])! });
  }

  /** The activity with this title, once estimation has it. */
  activity(title: string): Promise<Parsed> {
    const path = `/estimation/v1/activities?packageId=${this.packageId}`;
    return eventually(
      async () => (await this.team.all<Parsed>(path)).find((activity) => activity.title === title),
      `the activity «${title}»`,
    );
  }

  /** Asks by mail; answers the request once intake shows it. */
  async requestByMail(subject: string, text: string): Promise<Parsed> {
    const mail = plainMail({
      from: `Segreteria <${PEOPLE.requester}>`,
      to: PEOPLE.referent,
      subject,
      text,
      messageId: `<${randomUUID()}@comune.example>`,
      date: this.instance.clock.now().toISOString(),
    });
    const { code, text: said } = await sendRawMail(this.instance.smtp, mail, {
      from: PEOPLE.requester,
      to: PEOPLE.referent,
    });
    if (code !== 250) throw new Error(`the mail «${subject}» was not taken: ${said}`);
    const path = `/intake/v1/requests?packageId=${this.packageId}`;
    return eventually(
      async () => (await this.team.all<Parsed>(path)).find((request) => request.subject === subject),
      `the request «${subject}»`,
    );
  }

  /** Makes an extra of a request, with an estimate; answers the activity's id and the way the estimate went. */
  async estimateExtra(
    request: Parsed,
    { title, minutes, urgent }: { title: string; minutes: number; urgent?: boolean },
  ): Promise<{ activityId: string; version: number; weightedMinutes: number; path: string }> {
    const { team } = this;
    const { activityId } = await team.must(
      team.post('/estimation/v1/activities', {
        packageId: this.packageId,
        requestId: request.requestId,
        title,
        kind: 'improvement',
        ...(urgent === undefined ? {} : { urgent }),
      }),
    );
    return { activityId, ...(await this.estimate(activityId, minutes, urgent)) };
  }

  estimate(
    activityId: string,
    minutes: number,
    urgent?: boolean,
  ): Promise<{ version: number; weightedMinutes: number; path: string }> {
    return this.team.must(
      this.team.post(`/estimation/v1/activities/${activityId}/estimates`, {
        minutes,
        assignee: PEOPLE.referent,
        due: { date: dateIn(this.instance, 15), firmness: 'flexible' },
        ...(urgent === undefined ? {} : { urgent }),
      }),
    );
  }

  /**
   * R5: decides by the single-use link in the approver's mail about this version. Opening the link must decide nothing.
   */
  async decideByLink(activityId: string, version: number, decision: 'approve' | 'reject'): Promise<SentMail> {
    const { path, mail } = await this.linkFor(
      'decision-links',
      (shown) => shown.activityId === activityId && shown.version === version,
    );
    const nobody = new RestClient(this.instance.baseUrl, null);
    const shown = await nobody.must(nobody.get(path));
    if (shown.standing.kind !== 'open')
      throw new Error(`the link decided by itself: ${JSON.stringify(shown)}`);
    await nobody.must(nobody.post(path, { decision }));
    return mail;
  }

  /** R6: has an overrun charged by the link in the approver's mail. */
  async chargeOverrunByLink(overrunId: string): Promise<void> {
    const { path } = await this.linkFor('overrun-links', (shown) => shown.overrunId === overrunId);
    const nobody = new RestClient(this.instance.baseUrl, null);
    await nobody.must(nobody.post(path, { decision: 'charge', reason: 'Lavoro concordato' }));
  }

  logWork(activityId: string, minutes: number): Promise<Parsed> {
    return this.team.must(
      this.team.post(`/ledger/v1/packages/${this.packageId}/work-entries`, {
        activityId,
        minutes,
        performedOn: dateIn(this.instance, 0),
        performedBy: PEOPLE.referent,
      }),
    );
  }

  finish(activityId: string): Promise<Parsed> {
    return this.team.must(
      this.team.post(`/estimation/v1/activities/${activityId}/work-status`, { status: 'done' }),
    );
  }

  /** Waits until an activity is in a state. */
  reached(activityId: string, state: string): Promise<Parsed> {
    return eventually(async () => {
      const { body } = await this.team.get(`/estimation/v1/activities/${activityId}`);
      return body.state === state && body;
    }, `state ${state} of ${activityId}`);
  }

  /** The first mail to the approver whose link of this kind opens what is meant. */
  private linkFor(
    kind: string,
    isMeant: (shown: Parsed) => boolean,
  ): Promise<{ path: string; mail: SentMail }> {
    const nobody = new RestClient(this.instance.baseUrl, null);
    return eventually(async () => {
      for (const mail of (await this.instance.outbox.mails()).toReversed()) {
        if (mail.to !== PEOPLE.approver) continue;
        for (const path of linksIn(mail, kind)) {
          const { status, body } = await nobody.get(path);
          if (status === 200 && isMeant(body)) return { path, mail };
        }
      }
      return null;
    }, `a mail with the link (${kind})`);
  }
}

/** A date so many days after the instance's today, in Rome. */
export function dateIn({ clock }: Pick<Instance, 'clock'>, days: number): string {
  const day = new Date(clock.now().getTime() + days * 86_400_000);
  return day.toLocaleDateString('sv-SE', { timeZone: 'Europe/Rome' });
}
