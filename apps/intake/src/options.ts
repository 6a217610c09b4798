/** What an installation chooses for intake. */
export interface IntakeOptions {
  /** The listener for mails in; absent: mails come by IMAP and REST only. TLS is offered where its files are named. */
  readonly smtp?: {
    readonly host: string;
    readonly port: number;
    readonly tls?: { readonly keyFile: string; readonly certFile: string };
  };
  readonly outbound: { readonly smtpUrl: string } | { readonly outboxDirectory: string };
  /** The private key of the links in mails, which only intake holds. */
  readonly linkSigningKeyFile: string;
  /** Whose Authentication-Results count (R8). */
  readonly trustedAuthservId?: string;
  /** False while there is no room to keep more: mails in are put off. Default: there always is. */
  readonly hasRoom?: () => boolean;
  /** Mailboxes to fetch from: `imaps://user:password@host:port`, INBOX and every 30 s unless said otherwise. */
  readonly imap?: readonly {
    readonly url: string;
    readonly mailbox?: string;
    readonly pollEveryMillis?: number;
  }[];
}
