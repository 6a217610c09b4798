import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { isTransient } from '@monteore/messaging';
import type { ServiceCore } from '@monteore/service';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import type { IntakeOptions } from '../options.js';
import type { MailAcceptance } from './accept-mail.js';
import { MAX_MAIL_BYTES } from './inbound-mail.controller.js';
import type { Mailboxes } from './mailboxes.js';

/** At most so many mails are held in memory at once, one a connection. */
const MAX_CONNECTIONS = 30;
const MAX_RECIPIENTS = 100;

interface SmtpError extends Error {
  responseCode?: number;
}

const answer = (responseCode: number, text: string): SmtpError =>
  Object.assign(new Error(text), { responseCode });

/**
 * R8: mail comes in for referents' mailboxes only; everything else is refused in the dialogue, so that nothing is ever
 * relayed or bounced. 250 is said after the commit; 451 whenever the answer cannot be known now, 452 while
 * there is no room.
 */
export class SmtpListener {
  private readonly server: SMTPServer;

  private constructor(
    private readonly mailboxes: Mailboxes,
    private readonly acceptance: MailAcceptance,
    private readonly logger: ServiceCore['logger'],
    private readonly hasRoom: () => boolean,
    tls: { readonly key: Buffer; readonly cert: Buffer } | null,
  ) {
    this.server = new SMTPServer({
      ...(tls ?? {}),
      banner: 'Monteore',
      size: MAX_MAIL_BYTES,
      maxClients: MAX_CONNECTIONS,
      disabledCommands: tls === null ? ['AUTH', 'STARTTLS'] : ['AUTH'],
      authOptional: true,
      disableReverseLookup: true,
      logger: false,
      socketTimeout: 60_000,
      closeTimeout: 5000,
      onRcptTo: ({ address }, session, callback) => {
        this.judge(address, session).then(callback, (error: unknown) => callback(this.later(error)));
      },
      onData: (stream, session, callback) => {
        this.take(stream, session).then(
          (text) => callback(null, text),
          (error: unknown) => callback(this.later(error)),
        );
      },
    });
    this.server.on('error', (error) => this.logger.warn({ err: error }, 'an SMTP connection failed'));
  }

  static async start(
    { host, port, tls }: NonNullable<IntakeOptions['smtp']>,
    parts: {
      readonly mailboxes: Mailboxes;
      readonly acceptance: MailAcceptance;
      readonly logger: ServiceCore['logger'];
      readonly hasRoom: () => boolean;
    },
  ): Promise<SmtpListener> {
    const files =
      tls === undefined ? null : { key: await readFile(tls.keyFile), cert: await readFile(tls.certFile) };
    const listener = new SmtpListener(parts.mailboxes, parts.acceptance, parts.logger, parts.hasRoom, files);
    await new Promise<void>((resolve, reject) => {
      listener.server.server.once('error', reject);
      listener.server.listen(port, host, () => resolve());
    });
    parts.logger.info({ host, port: listener.port }, 'SMTP listens');
    return listener;
  }

  get port(): number {
    return (this.server.server.address() as AddressInfo).port;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private async judge(address: string, session: SMTPServerSession): Promise<Error | null> {
    if (session.envelope.rcptTo.length >= MAX_RECIPIENTS) return answer(452, 'Too many recipients');
    if (!this.hasRoom()) return answer(452, 'The disk is full, try again later');
    switch (await this.mailboxes.judge(address)) {
      case 'known':
        return null;
      case 'not-current':
        return answer(451, 'Not known yet whether this mailbox exists here, try again later');
      case 'unknown':
        return answer(550, 'No such mailbox here');
    }
  }

  private async take(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<string> {
    const raw = await bytesOf(stream);
    if (raw === null) throw answer(552, `Mails are at most ${MAX_MAIL_BYTES} bytes`);
    const { mailFrom, rcptTo } = session.envelope;
    const accepted = await this.acceptance.accept({
      raw,
      recipients: rcptTo.map(({ address }) => address),
      hasNullSender: mailFrom === false || mailFrom.address === '',
    });
    return `Kept as ${accepted.mailId}`;
  }

  /** Whatever goes wrong here is not the mail's fault: it is asked for again later. */
  private later(error: unknown): Error {
    if (error instanceof Error && 'responseCode' in error) return error;
    const level = isTransient(error) ? 'warn' : 'error';
    this.logger[level]({ err: error }, 'a mail could not be taken now');
    return answer(451, 'Not possible right now, try again later');
  }
}

/** The mail, or null when it is over the limit; then the rest is read and dropped. */
async function bytesOf(stream: SMTPServerDataStream): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += (chunk as Buffer).length;
    if (size > MAX_MAIL_BYTES) chunks.length = 0;
    else chunks.push(chunk as Buffer);
  }
  return size > MAX_MAIL_BYTES ? null : Buffer.concat(chunks);
}
