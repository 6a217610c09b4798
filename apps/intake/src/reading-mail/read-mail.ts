import { addressesOf, type Mailbox, messageIds, senderOf } from './addresses.js';
import { attachmentsOf, type MailAttachment } from './attachments.js';
import { type Authentication, authenticationOf } from './authentication.js';
import { type AutomaticKind, automaticKind } from './automatic.js';
import { bodyTextOf, forwardedTextOf, isReadableText } from './body-text.js';
import { contentHash } from './content-hash.js';
import { allFields, decodeWords, firstField, oneLine } from './header-fields.js';
import { type MimePart, parseMime } from './mime-tree.js';
import { newTextOf } from './new-text.js';
import { detectSeveral, type Several } from './several.js';
import { detectUrgency, type Urgency } from './urgency.js';

/** The facts of a mail that intake decides by. All texts are free of NUL and lone surrogates. */
export interface ReadableMail {
  readonly kind: 'mail';
  /** Null when no sender can be read, or several contradict each other. */
  readonly from: Mailbox | null;
  readonly to: string[];
  readonly cc: string[];
  readonly deliveredTo: string[];
  /** One line, without line breaks. */
  readonly subject: string;
  /** The new text only (R8). */
  readonly text: string;
  readonly messageId?: string;
  readonly inReplyTo: string[];
  readonly references: string[];
  /** The sender's own date as an ISO instant; absent when it is none. It decides no deadline. */
  readonly date?: string;
  readonly automatic?: AutomaticKind;
  readonly authentication: Authentication;
  readonly urgency: Urgency;
  readonly several: Several;
  readonly attachments: MailAttachment[];
  readonly contentSha256: string;
}

export type ReadMail = { readonly kind: 'unreadable' } | ReadableMail;

export interface ReadMailOptions {
  /** Authserv-id of the receiving server whose results are believed (R8); without it no result is. */
  readonly trustedAuthservId?: string;
}

/**
 * Turns the raw bytes of a mail into facts (R8), urgency (R2) included. Never throws: bytes in which neither
 * sender nor subject nor text can be found are `unreadable`, and so is what fails in a way nobody foresaw, since a
 * person has to see such a mail anyway.
 */
export async function readMail(raw: Uint8Array, options: ReadMailOptions = {}): Promise<ReadMail> {
  try {
    return readParsed(raw, parseMime(raw), options);
  } catch {
    return { kind: 'unreadable' };
  }
}

function readParsed(raw: Uint8Array, root: MimePart, options: ReadMailOptions): ReadMail {
  const { fields } = root;
  const from = senderOf(fields);
  const subject = oneLine(decodeWords(firstField(fields, 'subject') ?? ''))
    .slice(0, 2000)
    .toWellFormed();
  const whole = bodyTextOf(root);
  const hasHeader = from !== null || subject !== '' || fields.some(({ name }) => KNOWN_HEADERS.has(name));
  if (!hasHeader && !isReadableText(raw)) return { kind: 'unreadable' };
  const attachments = attachmentsOf(root);
  if (from === null && subject === '' && whole.trim() === '' && attachments.length === 0) {
    return { kind: 'unreadable' };
  }
  const inReplyTo = allFields(fields, 'in-reply-to').flatMap(messageIds);
  const references = allFields(fields, 'references').flatMap(messageIds);
  const forwarded = forwardedTextOf(root, [...inReplyTo, ...references]);
  const to = addressesOf(fields, 'to');
  const cc = addressesOf(fields, 'cc');
  const deliveredTo = addressesOf(fields, 'delivered-to');
  const recipients = [...to, ...cc, ...deliveredTo];
  const own = newTextOf(whole, {
    subject,
    inThread: inReplyTo.length + references.length > 0,
    recipients,
  });
  const text = [own, newTextOf(forwarded, { subject: 'Fwd:', inThread: false, recipients })]
    .filter((part) => part !== '')
    .join('\n\n');
  const messageId = messageIds(firstField(fields, 'message-id'))[0];
  const date = isoDate(firstField(fields, 'date'));
  const automatic = automaticKind(root, subject, text);
  return {
    kind: 'mail',
    from,
    to,
    cc,
    deliveredTo,
    subject,
    text,
    ...(messageId === undefined ? {} : { messageId }),
    inReplyTo,
    references,
    ...(date === undefined ? {} : { date }),
    ...(automatic === undefined ? {} : { automatic }),
    authentication: authenticationOf(fields, options.trustedAuthservId),
    urgency: detectUrgency(subject, text),
    several: detectSeveral(subject, text),
    attachments,
    contentSha256: contentHash(root, from?.email ?? '', subject),
  };
}

/** One of these says that the bytes are a mail, even one without sender and subject. */
const KNOWN_HEADERS = new Set([
  'received',
  'return-path',
  'date',
  'message-id',
  'to',
  'mime-version',
  'content-type',
]);

function isoDate(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const instant = new Date(
    value
      .slice(0, 100)
      .replace(/\([^()]{0,40}\)/g, '')
      .trim(),
  );
  const year = instant.getUTCFullYear();
  return Number.isNaN(instant.getTime()) || year < 1970 || year > 9999 ? undefined : instant.toISOString();
}
