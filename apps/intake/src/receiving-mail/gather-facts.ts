import { domainToUnicode } from 'node:url';
import type { ContactRole } from '@monteore/kernel';
import type { SqlTransaction } from '@monteore/messaging';
import { eventually, type ServiceCore } from '@monteore/service';
import type { ReadableMail } from '../reading-mail/index.js';
import type { InboundMailFacts, KnownThread, Sender, SenderPackage } from './decide-inbound-mail.js';
import type { Mailbox } from './mailboxes.js';
import { subjectTags, tagsOf } from './package-tags.js';

/** What intake knows about a readable mail (R8), as of everything it has acknowledged before. */
export async function gatherFacts(
  core: ServiceCore,
  mail: ReadableMail,
  mailboxes: readonly Mailbox[],
  mailId: string,
): Promise<InboundMailFacts> {
  const { database } = core;
  const [senders, threads, taken, own] = await Promise.all([
    mail.from === null ? [] : sendersKnownSoon(core, mail.from.email),
    threadsOf(database, [...mail.inReplyTo, ...[...mail.references].reverse()]),
    sameMail(database, mail, mailId),
    database.query('SELECT 1 FROM outbound_mails WHERE message_id = $1', [mail.messageId ?? '']),
  ]);
  return {
    isReadable: true,
    automatic: mail.automatic,
    isOwnMail: own.length > 0,
    taken,
    authentication: mail.authentication,
    senders,
    referentIds: [...new Set(mailboxes.map(({ referentId }) => referentId))],
    tags: [...mailboxes.flatMap(({ tag }) => (tag === undefined ? [] : [tag])), ...subjectTags(mail.subject)],
    threads,
  };
}

/** The senders; where there is none, once no contact is half known any more: an address comes apart from its roles. */
async function sendersKnownSoon(core: ServiceCore, email: string): Promise<Sender[]> {
  const senders = await sendersOf(core, email);
  if (senders.length > 0) return senders;
  await eventually(async () => {
    const halfKnown = await core.database.query(
      `SELECT 1 FROM contacts c FULL JOIN (SELECT person_id FROM people WHERE kind = 'contact') p
         ON p.person_id = c.contact_id WHERE c.contact_id IS NULL OR p.person_id IS NULL LIMIT 1`,
    );
    return halfKnown.length === 0 ? true : null;
  });
  return sendersOf(core, email);
}

/** Active contacts with this address, with what they are on each package of their client. */
export async function sendersOf(core: ServiceCore, email: string): Promise<Sender[]> {
  const at = email.lastIndexOf('@');
  const written = `${email.slice(0, at)}@${domainToUnicode(email.slice(at + 1))}`;
  const forms = [...new Set([email, written])];
  const people = (await Promise.all(forms.map((form) => core.people.byEmail(form)))).flat();
  const contactIds = people.filter(({ kind }) => kind === 'contact').map(({ personId }) => personId);
  const senders = await Promise.all(contactIds.map((contactId) => senderOf(core.database, contactId)));
  return senders.filter((sender) => sender !== null);
}

interface ContactPackageRow {
  package_id: string;
  name: string;
  referent_id: string;
  status: string;
  roles: ContactRole[];
}

/** A contact as a sender; null when it is unknown or not active. */
export async function senderOf(database: SqlTransaction, contactId: string): Promise<Sender | null> {
  const [contact] = await database.query<{ client_id: string; roles: ContactRole[] }>(
    'SELECT client_id, roles FROM contacts WHERE contact_id = $1 AND active',
    [contactId],
  );
  if (contact === undefined) return null;
  const packages = await database.query<ContactPackageRow>(
    `SELECT p.package_id, p.name, p.referent_id, p.status,
       CASE WHEN p.shared_with_all THEN $2::text[] ELSE coalesce(pc.roles, '{}') END AS roles
     FROM packages p LEFT JOIN package_contacts pc ON pc.package_id = p.package_id AND pc.contact_id = $1
     WHERE p.client_id = $3 ORDER BY p.opened_at, p.package_id`,
    [contactId, contact.roles, contact.client_id],
  );
  return {
    contactId,
    clientId: contact.client_id,
    roles: contact.roles,
    packages: packages.map(
      (row): SenderPackage => ({
        packageId: row.package_id,
        referentId: row.referent_id,
        isOpen: row.status === 'open',
        roles: row.roles,
        tags: tagsOf(row.package_id, row.name),
      }),
    ),
  };
}

/** R8: same Message-ID and same content; a server on the way may have added the Message-ID that was missing. */
async function sameMail(
  database: SqlTransaction,
  { messageId, contentSha256, date }: ReadableMail,
  mailId: string,
): Promise<InboundMailFacts['taken']> {
  const [row] = await database.query<{
    mail_id: string;
    request_id: string | null;
    client_id: string | null;
  }>(
    `SELECT mail_id, request_id, client_id FROM mails
     WHERE mail_id = $1 OR (content_sha256 = $2 AND (message_id IS NULL) <> ($3::text IS NULL)
       AND sent_at IS NOT DISTINCT FROM $4::timestamptz)
     ORDER BY mail_id = $1 DESC, received_at LIMIT 1`,
    [mailId, contentSha256, messageId ?? null, date ?? null],
  );
  if (row === undefined) return null;
  return {
    mailId: row.mail_id,
    ...(row.request_id === null ? {} : { requestId: row.request_id }),
    ...(row.client_id === null ? {} : { clientId: row.client_id }),
  };
}

interface ThreadRow {
  message_id: string;
  request_id: string | null;
  activity_id: string | null;
  package_id: string | null;
  client_id: string | null;
  status: string | null;
  over: boolean | null;
}

/** What the named Message-IDs belong to, mails in and out alike, in the order given. At most 100 are looked at. */
async function threadsOf(database: SqlTransaction, messageIds: readonly string[]): Promise<KnownThread[]> {
  const wanted = [...new Set(messageIds)].slice(0, 100);
  if (wanted.length === 0) return [];
  const rows = await database.query<ThreadRow>(
    `WITH named AS (
       SELECT message_id, request_id, activity_id, NULL AS package_id, client_id, received_at AS at FROM mails
         WHERE message_id = ANY ($1) AND (request_id IS NOT NULL OR activity_id IS NOT NULL)
       UNION ALL
       SELECT message_id, request_id, activity_id, package_id, client_id, created_at FROM outbound_mails
         WHERE message_id = ANY ($1))
     SELECT n.message_id, coalesce(n.request_id, a.request_id) AS request_id, n.activity_id,
       coalesce(r.package_id, a.package_id, n.package_id) AS package_id,
       coalesce(r.client_id, n.client_id) AS client_id,
       p.status,
       CASE WHEN n.activity_id IS NOT NULL THEN a.is_over
         ELSE (SELECT bool_and(is_over) FROM followed_activities WHERE activity_id = ANY (r.activity_ids)) END AS over
     FROM named n
     LEFT JOIN followed_activities a ON a.activity_id = n.activity_id
     LEFT JOIN requests r ON r.request_id = coalesce(n.request_id, a.request_id)
     LEFT JOIN packages p ON p.package_id = coalesce(r.package_id, a.package_id, n.package_id)
     ORDER BY array_position($1::text[], n.message_id), n.at DESC`,
    [wanted],
  );
  return rows.map((row) => ({
    ...(row.request_id === null ? {} : { requestId: row.request_id }),
    ...(row.activity_id === null ? {} : { activityId: row.activity_id }),
    ...(row.package_id === null ? {} : { packageId: row.package_id }),
    ...(row.client_id === null ? {} : { clientId: row.client_id }),
    isPackageOpen: row.status === 'open',
    areActivitiesOver: row.over === true,
  }));
}
