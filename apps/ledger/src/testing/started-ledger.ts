import { randomUUID } from 'node:crypto';
import type { Clock } from '@monteore/kernel';
import { type Answer, StartedService } from '@monteore/service/testing';
import { type TestDatabase, testDatabase } from '@monteore/testing';
import { ledgerService } from '../ledger.service.js';

/** A clock that a test sets. It stands still in between. */
export class SetClock implements Clock {
  constructor(public instant: string) {}

  now(): string {
    return new Date(this.instant).toISOString();
  }
}

type Method = Parameters<StartedService['call']>[0];

/** For specs: the ledger as it runs, with a client whose contacts are an approver and a viewer. */
export class StartedLedger {
  readonly admin: string;
  clientId = '';
  approverId = '';
  viewerId = '';

  private constructor(
    readonly service: StartedService,
    private readonly database: TestDatabase,
  ) {
    this.admin = service.token('administrator');
  }

  static async start(clock: Clock): Promise<StartedLedger> {
    const database = await testDatabase();
    const service = await StartedService.start({
      definition: ledgerService,
      databaseUrl: database.url,
      clock,
    });
    const ledger = new StartedLedger(service, database);
    const { body, headers } = await ledger.register('Comune di Prova', 'anna@comune.example');
    [ledger.clientId, ledger.approverId, ledger.viewerId] = [
      body.clientId,
      body.contacts[0].contactId,
      body.contacts[1].contactId,
    ];
    await ledger.get(`/v1/clients/${ledger.clientId}`, ledger.admin, {
      'monteore-position': String(headers['monteore-position']),
    });
    return ledger;
  }

  get databaseUrl(): string {
    return this.database.url;
  }

  async stop(): Promise<void> {
    await this.service.stop();
    await this.database.drop();
  }

  register(name: string, approverEmail: string): Promise<Answer> {
    return this.post('/v1/clients', {
      name,
      language: 'it',
      contacts: [
        { name: 'Anna Bianchi', email: approverEmail, roles: ['approver'] },
        { name: 'Vera Rossi', email: `v-${approverEmail}`, roles: ['viewer'], language: 'en' },
      ],
    });
  }

  /** The body that opens a small package without activities. */
  opening(more: object = {}): object {
    return {
      clientId: this.clientId,
      name: 'P',
      referentEmail: 'luca@agenzia.example',
      grantedMinutes: 60,
      ...more,
    };
  }

  /** A package with one agreed activity, known to every copy of rights when it is answered. */
  async open(
    minutes: number,
    more: Record<string, unknown> = {},
  ): Promise<{ packageId: string; activityId: string; path: string }> {
    const opened = await this.post('/v1/packages', {
      clientId: this.clientId,
      name: 'Sito 2026',
      referentEmail: 'luca@agenzia.example',
      grantedMinutes: minutes,
      agreedActivities: [
        {
          title: 'Banner',
          kind: 'improvement',
          estimateMinutes: 60,
          assignee: 'luca@agenzia.example',
          due: { date: '2026-12-18', firmness: 'flexible' },
        },
      ],
      ...more,
    });
    if (opened.status !== 201) throw new Error(opened.text);
    const { packageId } = opened.body;
    const path = `/v1/packages/${packageId}`;
    const entries = await this.get(`${path}/entries`, this.admin, {
      'monteore-position': String(opened.headers['monteore-position']),
    });
    return { packageId, path, activityId: entries.body.items[0].facts.agreedActivities[0]?.activityId };
  }

  /** Estimation asks for hours; resolves when the ledger has answered. */
  async reserve(packageId: string, activityId: string, minutes: number, version = 1): Promise<void> {
    await this.service.publish(
      this.service.told('estimation', 'ReservationRequested', this.clientId, {
        packageId,
        clientId: this.clientId,
        reservationId: randomUUID(),
        items: [
          {
            activityId,
            version,
            minutes,
            multiplier: 1,
            weightedMinutes: minutes,
            path: 'approved',
            reopens: false,
          },
        ],
        whenLacking: 'wait',
      }),
    );
  }

  work(path: string, activityId: string, minutes: number, performedOn = '2026-11-23'): Promise<Answer> {
    return this.post(`${path}/work-entries`, {
      activityId,
      minutes,
      performedOn,
      performedBy: 'luca@agenzia.example',
    });
  }

  get(url: string, token = this.admin, headers: Record<string, string> = {}): Promise<Answer> {
    return this.service.call('GET', url, { token, headers });
  }

  post(
    url: string,
    body: object | string,
    token = this.admin,
    headers: Record<string, string> = {},
    method: Method = 'POST',
  ): Promise<Answer> {
    return this.service.call(method, url, { token, body, headers });
  }
}
