import { randomUUID } from 'node:crypto';
import {
  type Answer,
  agreedIn,
  type Contact,
  dayOf,
  eventually,
  type Instance,
  PackageSteps,
  type Parsed,
  plainMail,
  type RestClient,
  type SentMail,
  type SmtpAnswer,
  sendRawMail,
} from '../harness/index.ts';

export type ContactRole = 'approver' | 'requester' | 'viewer';
const ROLES: readonly ContactRole[] = ['approver', 'requester', 'viewer'];

/** A client of one test alone, with a contact of each role. */
export interface Client extends Readonly<Record<ContactRole, Contact>> {
  readonly clientId: string;
  readonly name: string;
}

export interface PackageWish {
  readonly name?: string;
  readonly minutes?: number;
  readonly expiresOn?: string;
  readonly endsOn?: string;
  readonly policy?: Parsed;
  readonly contacts?: readonly { readonly contactId: string; readonly roles: readonly ContactRole[] }[];
  readonly agreed?: readonly { readonly title: string; readonly minutes: number; readonly due?: Parsed }[];
  readonly referentEmail?: string;
}

/** A package with the mailbox of its referent. */
export interface Opened {
  readonly packageId: string;
  readonly name: string;
  readonly mailbox: string;
  readonly steps: PackageSteps;
}

export interface WrittenMail {
  readonly subject: string;
  readonly text: string;
  readonly messageId?: string;
  readonly inReplyTo?: string;
}

export const unique = (word: string): string => `${word}-${randomUUID().slice(0, 8)}`;

/** What the tests of requests and roles do: clients with a contact of each role, mails in, and what became of them. */
export class Desk {
  readonly instance: Instance;
  /** The administrator. */
  readonly team: RestClient;
  private readonly clientsByToken = new Map<string, Promise<RestClient>>();

  private constructor(instance: Instance, team: RestClient) {
    this.instance = instance;
    this.team = team;
  }

  static async of(instance: Instance): Promise<Desk> {
    return new Desk(instance, await instance.rest('administrator', { subject: unique('admin') }));
  }

  /** REST as a contact, with a token of the role. */
  as(role: ContactRole, { contactId }: Contact): Promise<RestClient> {
    const key = `${role} ${contactId}`;
    const known = this.clientsByToken.get(key) ?? this.instance.rest(role, { contact: contactId });
    this.clientsByToken.set(key, known);
    return known;
  }

  async client(language: 'it' | 'en' = 'it'): Promise<Client> {
    const name = unique('cliente');
    const { clientId, contacts } = await this.team.must(
      this.team.post('/ledger/v1/clients', {
        name,
        language,
        contacts: ROLES.map((role) => ({
          name: `${role} ${name}`,
          email: `${role}@${name}.example`,
          roles: [role],
        })),
      }),
    );
    const [approver, requester, viewer] = contacts;
    return { clientId, name, approver, requester, viewer };
  }

  async package(client: Client, wish: PackageWish = {}): Promise<Opened> {
    const { name = unique('pacchetto'), minutes = 1200, agreed = [], referentEmail, ...given } = wish;
    const mailbox = referentEmail ?? `${unique('referente')}@agenzia.example`;
    const party = { clientId: client.clientId, contacts: [client.approver, client.requester, client.viewer] };
    const steps = await PackageSteps.open(this.instance, this.team, party, {
      ...given,
      name,
      referentEmail: mailbox,
      grantedMinutes: minutes,
      agreedActivities: agreedIn(agreed, dayOf(this.instance, 60)),
    });
    return { packageId: steps.packageId, name, mailbox, steps };
  }

  /** A text mail by SMTP. */
  async mail(
    from: string,
    to: string,
    { messageId = `<${unique('mail')}@cliente.example>`, ...mail }: WrittenMail,
  ): Promise<SmtpAnswer & { readonly messageId: string; readonly raw: Buffer }> {
    const raw = plainMail({ from, to, ...mail, messageId });
    const answer = await sendRawMail(this.instance.smtp, raw, { from: addressIn(from), to });
    return { ...answer, messageId, raw };
  }

  /** The raw mail by REST. */
  deliver(raw: Buffer | string, client: RestClient = this.team): Promise<Answer> {
    return client.post('/intake/v1/inbound-mail', raw, { headers: { 'content-type': 'message/rfc822' } });
  }

  /** The request that a mail became, waited for by the subject. */
  requestBySubject(subject: string): Promise<Parsed> {
    return eventually(
      async () => (await this.requests()).find((request) => request.subject === subject),
      subject,
    );
  }

  requests(query = ''): Promise<Parsed[]> {
    return this.team.all(`/intake/v1/requests${query}`);
  }

  request(requestId: string): Promise<Parsed> {
    return this.team.must(this.team.get(`/intake/v1/requests/${requestId}`));
  }

  activitiesOf(packageId: string): Promise<Parsed[]> {
    return this.team.all(`/estimation/v1/activities?packageId=${packageId}`);
  }

  /** A request by REST in a contact's name. */
  ask(
    packageId: string,
    fromEmail: string,
    subject: string,
    text: string,
    more: Parsed = {},
  ): Promise<Parsed> {
    const body = { packageId, fromEmail, subject, text, ...more };
    return this.team.must(this.team.post('/intake/v1/requests', body));
  }

  /** A mail out to somebody, waited for. */
  mailTo(email: string, fits: RegExp | ((mail: SentMail) => boolean)): Promise<SentMail> {
    const isFit = typeof fits === 'function' ? fits : ({ subject }: SentMail) => fits.test(subject);
    return this.instance.outbox.mail(`${fits} to ${email}`, (mail) => mail.to === email && isFit(mail));
  }

  /** The mails out to somebody so far. */
  async mailsTo(email: string): Promise<SentMail[]> {
    return (await this.instance.outbox.mails()).filter(({ to }) => to === email);
  }
}

const addressIn = (from: string): string => /<([^>]+)>/.exec(from)?.[1] ?? from;
