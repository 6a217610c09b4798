import type { StoredEvent } from '@monteore/event-store';
import { derivedId, type Role } from '@monteore/kernel';
import type { RunningService, ServiceDefinition } from '@monteore/service';
import type { Answer } from '@monteore/service/testing';
import { Module } from '@nestjs/common';
import type { IntakeOptions } from '../options.js';
import type { MailEvent, RequestEvent, ThreadEvent } from '../request/events.js';
import { requestListTables } from '../request-list/tables.js';
import { CORE } from '../tokens.js';
import { MailWriter } from '../writing-mail/mail-writer.js';
import { OutboundMailController } from '../writing-mail/outbound-mail.controller.js';
import { writingMailTables } from '../writing-mail/tables.js';
import { StartedIntake } from './started-intake.js';

@Module({})
class MailModule {}

/** The service's own machinery around nothing but mails out: real consumers, timers, database, blobs and routes. */
const mailService = (options: IntakeOptions): ServiceDefinition => ({
  name: 'intake',
  migrations: [
    { name: 'RequestList', sql: requestListTables },
    { name: 'WritingMail', sql: writingMailTables },
  ],
  module: (core) => ({
    module: MailModule,
    controllers: [OutboundMailController],
    providers: [
      { provide: CORE, useValue: core },
      { provide: MailWriter, useValue: new MailWriter(core, options) },
    ],
  }),
  publish: () => null,
  handlers: (_core, app) => app.get(MailWriter).handlers(),
  due: (_core, app) => app.get(MailWriter).dueHandlers(),
  startExtras: (_core, app) => app.get(MailWriter).start(),
});

/** What writes mails, started without the rest of intake. */
export class StartedMailService extends StartedIntake {
  static async start(databaseUrl: string, outbound: IntakeOptions['outbound']): Promise<StartedMailService> {
    const [started, clock] = await StartedIntake.begin(databaseUrl, ({ linkKey }) =>
      mailService({ outbound, linkSigningKeyFile: linkKey }),
    );
    return new StartedMailService(started, clock);
  }

  /** Another instance over the same database. */
  second(): Promise<RunningService> {
    return this.started.another();
  }

  restart(): Promise<void> {
    return this.started.restart();
  }

  /** What intake's own projection does after it has folded an event of its own. */
  async own(streamId: string, event: RequestEvent | ThreadEvent | MailEvent): Promise<void> {
    const stored = {
      streamId,
      eventId: derivedId('event', streamId, event.type),
      type: event.type,
      data: event.data,
    } as unknown as StoredEvent;
    const writer = this.service.app.get(MailWriter);
    await this.service.core.database.transaction((tx) => writer.ownEvent(stored, tx));
  }

  get(path: string, role: Role, subject: string): Promise<Answer> {
    return this.started.get(path, this.started.token(role, subject));
  }
}
