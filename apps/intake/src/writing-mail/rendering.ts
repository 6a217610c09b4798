import { isUuid, type Language } from '@monteore/kernel';
import type { LinkSigner, Person, ServiceCore } from '@monteore/service';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { requestFacts } from '../request-list/request-facts.js';
import { mailAbout, requestOfSender } from './addressing.js';
import { firstLotOf, knownActivity } from './copies.js';
import { linksOf } from './linking.js';
import type { MailKind, MailModels } from './models.js';
import type { OutboundMailRow } from './outbound-mails.js';
import type { Reading } from './templates/mail-text.js';
import { mailText, oneLine, renderHtml, renderText, tidy, WORDINGS } from './templates/render.js';
import { threadOf } from './threading.js';
import { isOlderThan, PATIENCE_MILLIS } from './waiting.js';

export interface RenderedMail {
  readonly subject: string;
  readonly bytes: Buffer;
}

/** The bytes; or `waits`: something that other topics bring is not there yet; or `erased`: nobody is left to write to. */
export type Rendering = RenderedMail | 'waits' | 'erased';

interface Reader {
  readonly email: string;
  readonly name?: string;
  readonly language: Language;
}

const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
const LONGEST_SUBJECT = 250;
/** Shown where nobody has told the referent's name. */
const PRODUCT = 'Monteore';
const composer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });

/** Turns a mail's facts into its bytes, once: names, address, links and thread as they are known now (R11). */
export class MailRenderer {
  constructor(
    private readonly core: ServiceCore,
    private readonly signer: LinkSigner,
  ) {}

  async render(mail: OutboundMailRow): Promise<Rendering> {
    const reader = await this.readerOf(mail);
    const from =
      mail.from_id === null ? undefined : (await this.core.people.find([mail.from_id])).get(mail.from_id);
    if (reader === 'erased') return 'erased';
    if (reader === null || from?.email === undefined) return 'waits';
    const reading = await this.readingOf(mail, reader.language);
    const attachments = await this.attachmentsOf(mail);
    if (reading === null || attachments === null) return 'waits';
    const thread = await threadOf(mail, this.core.database);
    const text = mailText<MailKind>(mail.kind, mail.model, reading, reader.language);
    const frame = {
      language: reader.language,
      ...(reader.name === undefined ? {} : { recipientName: reader.name }),
      ...(reading.packageName === undefined ? {} : { packageName: reading.packageName }),
    };
    const subject = subjectOf(thread.subject, text.headline);
    const options: SendMailOptions = {
      from: { name: displayName(from.name ?? PRODUCT), address: from.email },
      to: { name: displayName(reader.name ?? ''), address: reader.email },
      subject,
      text: renderText(text, frame),
      html: renderHtml(text, frame),
      messageId: `<${mail.message_id}>`,
      date: new Date(this.core.clock.now()),
      ...(thread.inReplyTo === undefined ? {} : { inReplyTo: thread.inReplyTo }),
      ...(thread.references.length === 0 ? {} : { references: [...thread.references] }),
      headers: {
        'Auto-Submitted': 'auto-generated',
        'X-Auto-Response-Suppress': 'All',
        'Content-Language': reader.language,
      },
      attachments,
      xMailer: false,
      disableFileAccess: true,
      disableUrlAccess: true,
    };
    const { message } = await composer.sendMail(options);
    return { subject, bytes: message as Buffer };
  }

  private async readerOf(mail: OutboundMailRow): Promise<Reader | null | 'erased'> {
    const requestId = requestOfSender(mail.recipient_id);
    if (requestId !== null) return this.senderOf(requestId);
    const person = (await this.core.people.find([mail.recipient_id])).get(mail.recipient_id);
    if (person?.erased) return 'erased';
    if (person?.email === undefined) return null;
    const rows = await this.core.database.query<{ language: Language }>(
      'SELECT language FROM contacts WHERE contact_id = $1',
      [person.personId],
    );
    return {
      email: person.email,
      ...(person.name === undefined ? {} : { name: person.name }),
      language: rows[0]?.language ?? person.language ?? 'it',
    };
  }

  /** The sender of a released mail who is nobody's contact, in the language of the client where there is one. */
  private async senderOf(requestId: string): Promise<Reader | null> {
    const request = await requestFacts(this.core.database, requestId);
    if (request === null) return null;
    const rows = await this.core.database.query<{ language: Language }>(
      'SELECT language FROM clients WHERE client_id = $1',
      [request.clientId ?? null],
    );
    return {
      email: request.fromEmail,
      ...(request.fromName === undefined ? {} : { name: request.fromName }),
      language: rows[0]?.language ?? 'it',
    };
  }

  /** Null while names that are still on their way are worth waiting for. */
  private async readingOf(mail: OutboundMailRow, language: Language): Promise<Reading | null> {
    const { database, people, clock, settings, access } = this.core;
    // Machines and the system's own tokens act under a subject that is no person's: no name of theirs is on its way.
    const personIds = peopleIn(mail.model).filter(isUuid);
    const known = await people.find(personIds);
    const gaveUp = isOlderThan(PATIENCE_MILLIS, mail.created_at.toISOString(), clock.now());
    if (!gaveUp && personIds.some((id) => labelOf(known.get(id)) === undefined)) return null;
    const found = mail.package_id === null ? null : await access.packageOf(mail.package_id);
    const activity = mail.activity_id === null ? null : await knownActivity(database, mail.activity_id);
    const links = await linksOf(mail, this.signer, settings.publicUrl);
    const firstLot =
      mail.kind === 'package-opened' && mail.package_id !== null
        ? await firstLotOf(database, mail.package_id)
        : null;
    if (mail.kind === 'package-opened' && firstLot === null && !gaveUp) return null;
    const about =
      mail.kind === 'quarantine'
        ? await mailAbout(database, (mail.model as MailModels['quarantine']).mailId)
        : null;
    return {
      ...(found === null ? {} : { packageName: oneLine(found.name) }),
      ...(activity === null ? {} : { activityTitle: oneLine(activity.title) }),
      ...(firstLot === null ? {} : { firstLot }),
      ...(about === null ? {} : { about: tidy(about) }),
      mayDecide: mail.may_decide,
      nameOf: (id) => oneLine(labelOf(known.get(id ?? '')) ?? WORDINGS[language].someone),
      linkTo: (id) => links.get(id),
    };
  }

  /** R14: the kept file, byte for byte; null while it cannot be fetched. */
  private async attachmentsOf(
    mail: OutboundMailRow,
  ): Promise<NonNullable<SendMailOptions['attachments']> | null> {
    if (mail.kind !== 'package-closed') return [];
    const { sha256, fileName } = mail.model as MailModels['package-closed'];
    const content = await this.core.blobs.get(sha256);
    return content === null ? null : [{ filename: oneLine(fileName), content, contentType: XLSX }];
  }
}

const labelOf = (person: Person | undefined): string | undefined => person?.name ?? person?.email;

const PEOPLE_MEMBERS = new Set(['assigneeId', 'previousAssigneeId', 'decidedById', 'recordedById']);

/** The people whom a mail names. */
function peopleIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([member, inner]) =>
    PEOPLE_MEMBERS.has(member) && typeof inner === 'string' ? [inner] : peopleIn(inner),
  );
}

/** In a thread the thread's own subject comes first, so that mail programs and people find it together. */
function subjectOf(threadSubject: string | undefined, headline: string): string {
  const first = threadSubject === undefined ? '' : oneLine(threadSubject);
  const subject = first === '' ? headline : `Re: ${first} – ${headline}`;
  return subject.length <= LONGEST_SUBJECT
    ? subject
    : `${subject.slice(0, LONGEST_SUBJECT - 1).toWellFormed()}…`;
}

/** A name as it may stand before an address. */
const displayName = (name: string): string => oneLine(name).slice(0, 100).toWellFormed();
