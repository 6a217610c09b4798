import type { StoredEvent } from '@monteore/event-store';
import type { ServiceCore } from '@monteore/service';
import { streamOfMail, streamOfRequest, streamOfThread } from '../request/events.js';

/** So that those of an erased person are found at once, and none once they are forgotten. */
export const forgettingIndexes = `
  CREATE INDEX requests_by_contact ON requests (contact_id) WHERE from_email <> '';
  CREATE INDEX replies_by_contact ON replies (contact_id) WHERE from_email <> '';
  CREATE INDEX mails_by_contact ON mails (contact_id) WHERE from_email IS NOT NULL;`;

const AT_ONCE = 50;
const LOOK_EVERY_MILLIS = 2000;

/**
 * What an erased contact wrote is gone from intake: blobs of raw mails and texts first, then what the rows hold. The
 * history stays whole: events name neither (architecture.md, Personal data).
 */
export class ForgetErased {
  private lookAfter = 0;

  constructor(private readonly core: Pick<ServiceCore, 'database' | 'store' | 'blobs'>) {}

  async run(): Promise<void> {
    if (performance.now() < this.lookAfter) return;
    await this.requests();
    await this.replies();
    await this.mails();
    this.lookAfter = performance.now() + LOOK_EVERY_MILLIS;
  }

  private async requests(): Promise<void> {
    const rows = await this.core.database.query<{ request_id: string; contact_id: string }>(
      `SELECT request_id, contact_id FROM requests JOIN people ON person_id = contact_id AND erased
       WHERE from_email <> '' LIMIT ${AT_ONCE}`,
    );
    for (const { request_id: requestId, contact_id: contactId } of rows) {
      await this.removeBlobs(streamOfRequest(requestId), (event) => writerOf(event) === contactId);
      await this.core.database.query(
        `UPDATE requests SET from_email = '', from_name = NULL, subject = '', urgency_evidence = '{}', several_evidence = '{}'
         WHERE request_id = $1`,
        [requestId],
      );
    }
  }

  private async replies(): Promise<void> {
    const rows = await this.core.database.query<{
      reply_id: string;
      request_id: string | null;
      activity_id: string | null;
    }>(
      `SELECT reply_id, request_id, activity_id FROM replies JOIN people ON person_id = contact_id AND erased
       WHERE from_email <> '' LIMIT ${AT_ONCE}`,
    );
    for (const { reply_id: replyId, request_id: requestId, activity_id: activityId } of rows) {
      const streamId = requestId === null ? streamOfThread(activityId!) : streamOfRequest(requestId);
      await this.removeBlobs(streamId, ({ data }) => data.replyId === replyId);
      await this.core.database.query(
        "UPDATE replies SET from_email = '', from_name = NULL, subject = '', body = '' WHERE reply_id = $1",
        [replyId],
      );
    }
  }

  /** A mail that came more than once is kept in every form in which it came. */
  private async mails(): Promise<void> {
    const rows = await this.core.database.query<{ mail_id: string }>(
      `SELECT mail_id FROM mails JOIN people ON person_id = contact_id AND erased
       WHERE from_email IS NOT NULL LIMIT ${AT_ONCE}`,
    );
    for (const { mail_id: mailId } of rows) {
      await this.removeBlobs(streamOfMail(mailId), () => true);
      await this.core.database.query(
        "UPDATE mails SET from_email = NULL, from_name = NULL, subject = '' WHERE mail_id = $1",
        [mailId],
      );
    }
  }

  private async removeBlobs(streamId: string, isTheirs: (event: StoredEvent) => boolean): Promise<void> {
    const events = await this.core.store.read(streamId);
    const named = events.filter(isTheirs).flatMap(({ data }) => [data.contentRef, data.rawSha256]);
    for (const sha256 of new Set(named)) if (typeof sha256 === 'string') await this.core.blobs.remove(sha256);
  }
}

/** Who wrote what a request's event brought: the one who replied, else the one who asked. */
const writerOf = ({ data }: StoredEvent): unknown =>
  data.contactId ?? (data.request as { contactId?: string } | undefined)?.contactId;
