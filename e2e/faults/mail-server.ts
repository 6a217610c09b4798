import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** What the server does with every mail: takes it, answers with a code, says nothing, or hangs up after DATA. */
export type Behaviour = 'accept' | 'hang' | 'drop-after-data' | { readonly code: number };

export interface ArrivedMail {
  readonly to: string;
  /** With angle brackets. */
  readonly messageId: string;
  readonly raw: string;
  readonly acknowledged: boolean;
}

/** A server for mails out that misbehaves on demand, on a free port of 127.0.0.1. */
export class MailServer {
  /** Every mail whose bytes have come. */
  readonly arrived: ArrivedMail[] = [];
  /** How often somebody tried to name a recipient. */
  attempts = 0;
  behaviour: Behaviour = 'accept';
  private readonly server: SMTPServer;

  private constructor() {
    this.server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      disableReverseLookup: true,
      closeTimeout: 100,
      onRcptTo: (_address, _session, callback) => {
        this.attempts += 1;
        if (this.behaviour === 'hang') return;
        if (typeof this.behaviour !== 'object') callback();
        else callback(Object.assign(new Error('no'), { responseCode: this.behaviour.code }));
      },
      onData: (stream, session, callback) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          const acknowledged = this.behaviour !== 'drop-after-data';
          const raw = Buffer.concat(chunks).toString('latin1');
          const messageId = /^Message-ID: *(<[^>]+>)/im.exec(raw)?.[1] ?? '';
          const to = session.envelope.rcptTo[0]!.address;
          this.arrived.push({ to, messageId, raw, acknowledged });
          if (acknowledged) callback();
          else for (const connection of this.server.connections) connection.close();
        });
      },
    });
    // Clients that hang up in the middle are what the tests are about.
    this.server.on('error', () => {});
  }

  static async start(): Promise<MailServer> {
    const mailServer = new MailServer();
    mailServer.server.listen(0, '127.0.0.1');
    await once(mailServer.server.server, 'listening');
    return mailServer;
  }

  get url(): string {
    return `smtp://127.0.0.1:${(this.server.server.address() as AddressInfo).port}`;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
