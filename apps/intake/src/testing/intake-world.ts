import { createServer } from 'node:net';
import { join } from 'node:path';
import { type ContactRole, DEFAULT_POLICY, derivedId, type Language, type Role } from '@monteore/kernel';
import type { Answer, MovedClock, StartedService, TestKeys } from '@monteore/service/testing';
import { eventually } from '@monteore/testing';
import { intakeService } from '../intake.service.js';
import type { IntakeOptions } from '../options.js';
import { SmtpClient } from './smtp-client.js';
import { StartedIntake } from './started-intake.js';

export interface DirectoryContact {
  readonly email: string;
  readonly name: string;
  readonly roles: readonly ContactRole[];
}

/** A client as a person registers it; `key` is what its id derives from. */
export interface NewClient {
  readonly key: string;
  readonly name: string;
  readonly language: Language;
  readonly contacts: readonly DirectoryContact[];
}

/** Who calls; null is somebody without a token. */
export type Who = {
  readonly role: Role;
  readonly subject?: string;
  readonly scopes?: readonly string[];
} | null;

/** Intake alone, started whole: real Postgres, real SMTP listener. */
export class IntakeWorld extends StartedIntake {
  private constructor(
    started: StartedService,
    clock: MovedClock,
    readonly smtpPort: number,
  ) {
    super(started, clock);
  }

  static async start(
    databaseUrl: string,
    options: Partial<IntakeOptions> = {},
    watched?: Parameters<typeof StartedIntake.begin>[2],
  ): Promise<IntakeWorld> {
    const smtpPort = await freePort();
    const definition = ({ directory, linkKey }: TestKeys) =>
      intakeService({
        smtp: { host: '127.0.0.1', port: smtpPort },
        outbound: { outboxDirectory: join(directory, 'outbox') },
        linkSigningKeyFile: linkKey,
        trustedAuthservId: 'mx.agenzia.example',
        ...options,
      });
    const [started, clock] = await StartedIntake.begin(databaseUrl, definition, watched);
    return new IntakeWorld(started, clock, smtpPort);
  }

  /** Lists may lag: resolves once the rows hold all that was acknowledged. */
  async caughtUp(): Promise<void> {
    const head = await this.service.core.store.head();
    await this.until(async () => {
      const [row] = await this.query<{ position: string }>(
        "SELECT position FROM projection_checkpoints WHERE name = 'own'",
      );
      return BigInt(row?.position ?? 0) >= head;
    });
  }

  /** Resolves once the condition is true; throws when it does not become so in 15 s. */
  async until(condition: () => Promise<boolean>): Promise<void> {
    await eventually(condition, 'what was waited for');
  }

  contactId(clientId: string, email: string): string {
    return this.service.core.people.contactId(clientId, email);
  }

  async registerClient(client: NewClient): Promise<string> {
    const clientId = derivedId('test-client', client.key);
    const { language, name } = client;
    await this.tellPerson({ personId: clientId, kind: 'client', clientId, name, language });
    await this.tell('ledger', 'ClientRegistered', { clientId, language });
    for (const contact of client.contacts) await this.registerContact(clientId, contact, language);
    return clientId;
  }

  async registerContact(
    clientId: string,
    { email, name, roles }: DirectoryContact,
    language: Language = 'it',
    change: { readonly previousRoles?: readonly ContactRole[]; readonly active?: boolean } = {},
  ): Promise<string> {
    const contactId = this.contactId(clientId, email);
    await this.tellPerson({ personId: contactId, kind: 'contact', clientId, name, email, language });
    const { previousRoles = [], active = true } = change;
    await this.tell('ledger', 'ContactChanged', {
      clientId,
      contactId,
      roles,
      previousRoles,
      active,
      language,
    });
    return contactId;
  }

  async openPackage(
    clientId: string,
    name: string,
    referentEmail: string,
    more: {
      readonly contacts?: readonly { readonly contactId: string; readonly roles: readonly ContactRole[] }[];
      readonly closingDays?: readonly string[];
      readonly referentIsKnown?: boolean;
    } = {},
  ): Promise<string> {
    const packageId = derivedId('test-package', clientId, name);
    const referentId = this.service.core.people.teamId(referentEmail);
    if (more.referentIsKnown !== false) await this.tellReferent(referentEmail);
    await this.tell('ledger', 'PackageOpened', {
      ...this.ofPackage(packageId, clientId),
      lots: [],
      name,
      referentId,
      openedOn: '2026-11-02',
      policy: { ...DEFAULT_POLICY, closingDays: more.closingDays ?? [] },
      ...(more.contacts === undefined ? {} : { contacts: more.contacts }),
      agreedActivities: [],
    });
    return packageId;
  }

  async tellReferent(email: string): Promise<void> {
    await this.tellPerson({ personId: this.service.core.people.teamId(email), kind: 'team', email });
  }

  async startClosing(packageId: string, clientId: string): Promise<void> {
    await this.tell('ledger', 'PackageClosing', this.ofPackage(packageId, clientId));
  }

  /** One activity as estimation tells it. */
  async tellActivity(
    type: 'ActivityProposed' | 'ActivityCompleted',
    activity: { readonly activityId: string; readonly packageId: string; readonly clientId: string } & {
      readonly requestId?: string;
    },
  ): Promise<void> {
    const { packageId, clientId } = activity;
    await this.tell('estimation', type, {
      packageId,
      clientId,
      pendingMinutes: 0,
      activity: {
        number: 1,
        title: 'Prova',
        displayTitle: 'Prova (extra)',
        origin: 'extra',
        kind: 'other',
        urgent: false,
        approval: 'waiting',
        workStatus: type === 'ActivityCompleted' ? 'done' : 'to-do',
        state: type === 'ActivityCompleted' ? 'done' : 'to-estimate',
        decisionAsked: false,
        unfinished: false,
        ...activity,
      },
    });
  }

  /** Delivers one mail over SMTP; the answer to its end. */
  async deliver(raw: Uint8Array, to: string, from = 'sender@client.test') {
    const client = await SmtpClient.connect(this.smtpPort);
    try {
      await client.say(`MAIL FROM:<${from}>`);
      const recipient = await client.say(`RCPT TO:<${to}>`);
      return recipient.code === 250 ? await client.data(raw) : recipient;
    } finally {
      client.quit();
    }
  }

  call(
    who: Who,
    method: 'GET' | 'POST',
    url: string,
    body?: object | string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    return this.started.call(method, url, {
      headers,
      ...(who === null
        ? {}
        : { token: this.started.token(who.role, who.subject ?? `a-${who.role}`, who.scopes) }),
      ...(body === undefined ? {} : { body }),
    });
  }

  private ofPackage(packageId: string, clientId: string) {
    return {
      packageId,
      clientId,
      balances: {
        grantedMinutes: 600,
        chargedMinutes: 0,
        postedMinutes: 600,
        heldMinutes: 0,
        availableMinutes: 600,
      },
      entry: {
        sequence: 1,
        occurredOn: '2026-11-02',
        postedDeltaMinutes: 600,
        heldDeltaMinutes: 0,
        chargedDeltaMinutes: 0,
        actor: { subject: 'r', role: 'referent' },
        hash: 'h',
      },
    };
  }
}

/** A port that nothing listens on at this moment. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
