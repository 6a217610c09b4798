import { derivedId } from '@monteore/kernel';
import type { ReadMail } from '../reading-mail/index.js';
import type { RequestContent } from '../request/content.js';

/**
 * R8, a mail is taken once: Message-ID and content make its id; a mail without the one is known by its own date.
 * Bytes that nobody can read are known by their hash.
 */
export function mailIdOf(mail: ReadMail, rawSha256: string): string {
  if (mail.kind === 'unreadable') return derivedId('unreadable-mail', rawSha256);
  return mail.messageId === undefined
    ? derivedId('mail-without-id', mail.date ?? '', mail.contentSha256)
    : derivedId('mail', mail.messageId, mail.contentSha256);
}

/** The texts of a mail, as they are kept. */
export function contentOf(mail: ReadMail): RequestContent {
  if (mail.kind === 'unreadable') {
    return {
      from: null,
      subject: '',
      text: '',
      urgent: false,
      urgencyEvidence: [],
      possiblySeveral: false,
      severalEvidence: [],
      attachments: [],
      references: [],
    };
  }
  return {
    from: mail.from,
    subject: mail.subject,
    text: mail.text,
    urgent: mail.urgency.urgent,
    urgencyEvidence: mail.urgency.evidence,
    possiblySeveral: mail.several.possiblySeveral,
    severalEvidence: mail.several.evidence,
    attachments: mail.attachments.map(({ name, contentType, sizeBytes, sha256 }) => ({
      name,
      contentType,
      sizeBytes,
      sha256,
    })),
    ...(mail.messageId === undefined ? {} : { messageId: mail.messageId }),
    references: [...new Set([...mail.references, ...mail.inReplyTo])],
    contentSha256: mail.contentSha256,
    ...(mail.date === undefined ? {} : { sentAt: mail.date }),
  };
}
