import { derivedId } from '@monteore/kernel';
import type { SqlTransaction } from '@monteore/messaging';
import type { AccessCopy } from '@monteore/service';
import { mailFacts, type RequestFacts, requestFacts } from '../request-list/request-facts.js';
import { knownActivity } from './copies.js';
import type { MailCause } from './models.js';

/** The recipient of a mail to the sender of a request who is nobody's contact: the address lies with the request. */
export const senderOfRequest = (requestId: string): string => `sender:${requestId}`;

/** The request that such a recipient stands for; null for a person's id. */
export const requestOfSender = (recipientId: string): string | null =>
  recipientId.startsWith('sender:') ? recipientId.slice('sender:'.length) : null;

export interface Recipient {
  readonly recipientId: string;
  /** An approver of the package gets links to decide with (R5). */
  readonly mayDecide: boolean;
}

export interface Addressing {
  readonly recipients: readonly Recipient[];
  /** The referent whose address the mails come from. */
  readonly fromId: string | null;
  readonly clientId: string | null;
  readonly requestId: string | null;
}

export class Addresses {
  constructor(private readonly access: AccessCopy) {}

  /**
   * Who is written to as of now; null while this service has not heard enough to tell, since topics come in any order.
   * Once it `gaveUp` on a request or activity that nobody tells of, the package's people are written to all the same.
   */
  async of(cause: MailCause, tx: SqlTransaction, gaveUp: boolean): Promise<Addressing | null> {
    const requestId = await this.requestOf(cause, tx);
    if (requestId === null && !gaveUp) return null;
    const request = requestId == null ? undefined : await requestFacts(tx, requestId);
    if (request === null && !gaveUp) return null;
    const packageId = cause.packageId ?? request?.packageId;
    const client = await this.clientOfPackage(packageId, tx);
    if (client === null) return null;
    const clientId = client ?? cause.clientId ?? request?.clientId ?? null;
    const approvers = packageId === undefined ? [] : await this.access.contactsOn(packageId, 'approver', tx);
    const referents = await this.referentsOf(tx, cause, packageId, clientId, request ?? undefined);
    const ids = await this.recipientsOf(cause, tx, {
      approvers,
      referents,
      ...(packageId === undefined ? {} : { packageId }),
      ...(request == null ? {} : { request }),
    });
    return {
      recipients: [...new Set(ids)].map((recipientId) => ({
        recipientId,
        mayDecide: approvers.includes(recipientId),
      })),
      fromId: referents[0] ?? null,
      clientId,
      requestId: requestId ?? null,
    };
  }

  private async requestOf(cause: MailCause, tx: SqlTransaction): Promise<string | undefined | null> {
    if (cause.requestId !== undefined || cause.activityId === undefined) return cause.requestId;
    const activity = await knownActivity(tx, cause.activityId);
    return activity === null ? null : activity.requestId;
  }

  private async clientOfPackage(
    packageId: string | undefined,
    tx: SqlTransaction,
  ): Promise<string | undefined | null> {
    if (packageId === undefined) return undefined;
    const rows = await tx.query<{ client_id: string }>(
      'SELECT client_id FROM packages WHERE package_id = $1',
      [packageId],
    );
    return rows[0]?.client_id ?? null;
  }

  /** The package's referent; without one whose mailbox the mail came to, else those of the client's or of all packages. */
  private async referentsOf(
    tx: SqlTransaction,
    cause: MailCause,
    packageId: string | undefined,
    clientId: string | null,
    request: RequestFacts | undefined,
  ): Promise<string[]> {
    if (packageId === undefined && cause.referentId !== undefined) return [cause.referentId];
    if (packageId === undefined && request !== undefined) {
      const rows = await tx.query<{ referent_id: string }>(
        'SELECT referent_id FROM mails WHERE request_id = ANY ($1) AND referent_id IS NOT NULL LIMIT 1',
        [[request.requestId, ...(request.partOf === undefined ? [] : [request.partOf])]],
      );
      if (rows[0] !== undefined) return [rows[0].referent_id];
    }
    const rows = await tx.query<{ referent_id: string }>(
      `SELECT referent_id FROM packages
       WHERE CASE WHEN $1::text IS NOT NULL THEN package_id = $1 WHEN $2::text IS NOT NULL THEN client_id = $2 ELSE true END
       GROUP BY referent_id ORDER BY bool_or(status = 'open') DESC, max(opened_at) DESC, referent_id`,
      [packageId ?? null, clientId],
    );
    return rows.map((row) => row.referent_id);
  }

  private async recipientsOf(
    cause: MailCause,
    tx: SqlTransaction,
    known: {
      readonly approvers: readonly string[];
      readonly referents: readonly string[];
      readonly packageId?: string;
      readonly request?: RequestFacts;
    },
  ): Promise<readonly string[]> {
    const { audience } = cause;
    if (typeof audience === 'object') return [audience.contactId];
    switch (audience) {
      case 'approvers-and-sender':
        return [...known.approvers, ...(await this.senderOnPackage(tx, known.packageId, known.request))];
      case 'approvers-and-referent':
        return [...known.approvers, ...known.referents];
      case 'all-contacts':
        return known.packageId === undefined ? [] : this.allContacts(known.packageId, tx);
      case 'referent':
        return known.referents;
      case 'sender':
        return known.request === undefined
          ? []
          : [known.request.contactId ?? senderOfRequest(known.request.requestId)];
    }
  }

  /** Whoever sent the request, as long as the package is still shared with them. */
  private async senderOnPackage(
    tx: SqlTransaction,
    packageId: string | undefined,
    request: RequestFacts | undefined,
  ): Promise<string[]> {
    if (packageId === undefined || request?.contactId === undefined) return [];
    const roles = await this.access.rolesOn(packageId, request.contactId, tx);
    return roles.length === 0 ? [] : [request.contactId];
  }

  private async allContacts(packageId: string, tx: SqlTransaction): Promise<string[]> {
    const approvers = await this.access.contactsOn(packageId, 'approver', tx);
    const requesters = await this.access.contactsOn(packageId, 'requester', tx);
    const viewers = await this.access.contactsOn(packageId, 'viewer', tx);
    return [...approvers, ...requesters, ...viewers];
  }
}

/** The address book's part of a mail that came in: shown to the referent when it waits in quarantine. */
export async function mailAbout(
  tx: SqlTransaction,
  mailId: string,
): Promise<{ readonly from?: string; readonly subject: string } | null> {
  const mail = await mailFacts(tx, mailId);
  if (mail === null) return null;
  return { ...(mail.fromEmail === undefined ? {} : { from: mail.fromEmail }), subject: mail.subject };
}

/** A mail's own id: the same cause, recipient and kind give the same mail (R11). */
export const mailIdOf = (cause: Pick<MailCause, 'causeEventId' | 'kind'>, recipientId: string): string =>
  derivedId('outbound-mail', cause.causeEventId, recipientId, cause.kind);
