import { isTransient } from '@monteore/messaging';
import { MAX_MAIL_BYTES } from './inbound-mail.controller.js';

/** What is asked of a mailbox over IMAP, by unique ids. */
export interface UnseenMails {
  unseen(): Promise<readonly number[]>;
  /** Null when it is gone meanwhile. */
  fetch(uid: number): Promise<FetchedMail | null>;
  markSeen(uid: number): Promise<void>;
}

export interface FetchedMail {
  readonly sizeBytes: number;
  readonly raw: Uint8Array;
  /** When it reached the mailbox. */
  readonly receivedAt?: string;
}

/**
 * Takes every unseen mail of a mailbox, oldest first, and marks it seen after its commit: one that cannot be taken now
 * stays unseen for the next time. One that no commit could ever take is told and marked, so that it stops nothing.
 */
export async function fetchUnseen(
  mailbox: UnseenMails,
  take: (mail: FetchedMail) => Promise<void>,
  onRefused: (uid: number, error: unknown) => void,
): Promise<number> {
  let taken = 0;
  for (const uid of [...(await mailbox.unseen())].sort((a, b) => a - b)) {
    const mail = await mailbox.fetch(uid);
    if (mail === null) continue;
    if (mail.sizeBytes > MAX_MAIL_BYTES) {
      onRefused(uid, new Error(`${mail.sizeBytes} bytes: mails are at most ${MAX_MAIL_BYTES} bytes`));
    } else {
      try {
        await take(mail);
        taken += 1;
      } catch (error) {
        onRefused(uid, error);
        if (isTransient(error)) return taken;
        continue;
      }
    }
    await mailbox.markSeen(uid);
  }
  return taken;
}
