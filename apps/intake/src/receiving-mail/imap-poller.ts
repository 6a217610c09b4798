import { UnavailableError } from '@monteore/kernel';
import type { ServiceCore } from '@monteore/service';
import { ImapFlow } from 'imapflow';
import type { IntakeOptions } from '../options.js';
import type { MailAcceptance } from './accept-mail.js';
import { type FetchedMail, fetchUnseen, type UnseenMails } from './fetch-unseen.js';
import { ImapLease } from './imap-lease.js';
import { MAX_MAIL_BYTES } from './inbound-mail.controller.js';

const POLL_MILLIS = 30_000;
const TIMEOUT_MILLIS = 20_000;

type Mailbox = NonNullable<IntakeOptions['imap']>[number];

/** R8: fetches a mailbox that another server keeps, at its rhythm, in one instance at a time. */
export class ImapPoller {
  private readonly lease: ImapLease;
  /** As a log line may name it: without the address. */
  private readonly name: string;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly core: ServiceCore,
    private readonly acceptance: MailAcceptance,
    private readonly mailbox: Mailbox,
    private readonly hasRoom: () => boolean,
  ) {
    const { username, host } = new URL(mailbox.url);
    const folder = mailbox.mailbox ?? 'INBOX';
    this.name = `${host}/${folder}`;
    this.lease = new ImapLease(core.database, `${username}@${host}/${folder}`);
  }

  start(afterMillis = 0): void {
    this.timer = setTimeout(() => {
      this.running = this.poll()
        .catch((error: unknown) =>
          this.core.logger.warn({ err: error, mailbox: this.name }, 'the mailbox could not be fetched'),
        )
        .finally(() => {
          if (!this.stopped) this.start(this.mailbox.pollEveryMillis ?? POLL_MILLIS);
        });
    }, afterMillis);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
    await this.lease.giveUp();
  }

  private async poll(): Promise<void> {
    if (!this.hasRoom() || !(await this.lease.take())) return;
    const client = this.connection();
    // A connection that breaks is told by the call that needed it.
    client.on('error', () => {});
    try {
      await client.connect();
      const lock = await client.getMailboxLock(this.mailbox.mailbox ?? 'INBOX');
      try {
        await fetchUnseen(
          unseenOver(client),
          async (mail) => {
            if (!this.hasRoom()) throw new UnavailableError('intake.no-room', 'the disk is full');
            await this.acceptance.accept({ raw: mail.raw, receivedAt: mail.receivedAt });
            await this.lease.take();
          },
          (uid, error) =>
            this.core.logger.error({ err: error, uid, mailbox: this.name }, 'a mail was not taken'),
        );
      } finally {
        lock.release();
      }
      await client.logout();
    } finally {
      client.close();
    }
  }

  private connection(): ImapFlow {
    const url = new URL(this.mailbox.url);
    const secure = url.protocol === 'imaps:';
    return new ImapFlow({
      host: url.hostname,
      port: url.port === '' ? (secure ? 993 : 143) : Number(url.port),
      secure,
      auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) },
      logger: false,
      connectionTimeout: TIMEOUT_MILLIS,
      greetingTimeout: TIMEOUT_MILLIS,
      socketTimeout: TIMEOUT_MILLIS,
    });
  }
}

function unseenOver(client: ImapFlow): UnseenMails {
  return {
    unseen: async () => {
      const found = await client.search({ seen: false }, { uid: true });
      return Array.isArray(found) ? found : [];
    },
    fetch: async (uid): Promise<FetchedMail | null> => {
      const query = { size: true, internalDate: true, source: { maxLength: MAX_MAIL_BYTES + 1 } };
      const found = await client.fetchOne(String(uid), query, { uid: true });
      if (found === false || found.source === undefined) return null;
      const { source, size = source.length, internalDate } = found;
      return {
        sizeBytes: size,
        raw: source,
        ...(internalDate === undefined ? {} : { receivedAt: new Date(internalDate).toISOString() }),
      };
    },
    markSeen: async (uid) => {
      await client.messageFlagsAdd(String(uid), ['\\Seen'], { uid: true });
    },
  };
}
