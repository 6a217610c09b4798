import { derivedId, inputHashOf, SYSTEM_ACTOR } from '@monteore/kernel';
import { type DueThing, mergeHandlers, type ServiceCore, type ServiceDefinition } from '@monteore/service';
import type { INestApplicationContext } from '@nestjs/common';
import { followedActivitiesTable, followingHandlers } from './following-activities/followed-activities.js';
import { ForgetErased, forgettingIndexes } from './forgetting-people/forget-erased.js';
import { IntakeModule } from './intake.module.js';
import type { IntakeOptions } from './options.js';
import { publishIntakeEvent } from './publishing.js';
import { MailAcceptance } from './receiving-mail/accept-mail.js';
import { imapLeaseTable } from './receiving-mail/imap-lease.js';
import { ImapPoller } from './receiving-mail/imap-poller.js';
import { MAIL_TYPE, MAX_MAIL_BYTES } from './receiving-mail/inbound-mail.controller.js';
import { Mailboxes } from './receiving-mail/mailboxes.js';
import { SmtpListener } from './receiving-mail/smtp-listener.js';
import { missDeadline } from './request/decide.js';
import { streamOfRequest } from './request/events.js';
import { asDecided, IntakeStreams } from './request/streams.js';
import { DEADLINE_MISSED, projectRequestList } from './request-list/project.js';
import { requestListTables } from './request-list/tables.js';
import { MailWriter, writingMailTables } from './writing-mail/index.js';

const tables = [requestListTables, followedActivitiesTable, imapLeaseTable, forgettingIndexes].join('\n');

/** Intake: requests and their five-day clock, mails in and out. */
export function intakeService(options: IntakeOptions): ServiceDefinition {
  return {
    name: 'intake',
    migrations: [
      { name: 'IntakeTables', sql: tables },
      { name: 'IntakeMailOut', sql: writingMailTables },
    ],
    commitsSeveralStreams: true,
    module: (core) => IntakeModule.around(core, options),
    publish: publishIntakeEvent,
    handlers: (_core, app) =>
      mergeHandlers(followingHandlers(app.get(IntakeStreams)), app.get(MailWriter).handlers()),
    projection: (core, app) => ({
      project: async (event, tx) => {
        await projectRequestList(event, tx, core.blobs);
        await app.get(MailWriter).ownEvent(event, tx);
      },
    }),
    due: (_core, app) => ({
      ...app.get(MailWriter).dueHandlers(),
      [DEADLINE_MISSED]: (thing) => deadlineMissed(thing, app.get(IntakeStreams)),
    }),
    alsoSweep: (core) => {
      const forgetting = new ForgetErased(core);
      return [() => forgetting.run()];
    },
    rawBodies: { [MAIL_TYPE]: MAX_MAIL_BYTES },
    startExtras: (core, app) => startExtras(core, app, options),
  };
}

/** R9: the command's id derives from the request and the instant, so that a repeat is one. */
async function deadlineMissed({ entityId, dueAt }: DueThing, { requests }: IntakeStreams): Promise<void> {
  const commandId = derivedId(DEADLINE_MISSED, entityId, dueAt);
  await requests.execute({
    streamId: streamOfRequest(entityId),
    commandId,
    inputHash: inputHashOf(dueAt),
    actor: SYSTEM_ACTOR,
    correlationId: commandId,
    decide: (state, now) => ({ events: asDecided(missDeadline(state), now) }),
  });
}

/** Mails out first, then what lets mails in; they stop the other way round. */
async function startExtras(
  core: ServiceCore,
  app: INestApplicationContext,
  options: IntakeOptions,
): Promise<{ stop(): Promise<void> }> {
  const acceptance = app.get(MailAcceptance);
  const { hasRoom = () => true } = options;
  const sender = await app.get(MailWriter).start();
  const listener =
    options.smtp === undefined
      ? null
      : await SmtpListener.start(options.smtp, {
          acceptance,
          mailboxes: app.get(Mailboxes),
          logger: core.logger,
          hasRoom,
        });
  const pollers = (options.imap ?? []).map((mailbox) => new ImapPoller(core, acceptance, mailbox, hasRoom));
  for (const poller of pollers) poller.start();
  return {
    stop: async () => {
      await listener?.stop();
      await Promise.all(pollers.map((poller) => poller.stop()));
      await sender.stop();
    },
  };
}
