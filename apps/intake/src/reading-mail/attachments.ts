import { createHash } from 'node:crypto';
import { isBodyText } from './body-text.js';
import { decodeWords, firstField, oneLine, readHeaderBlock } from './header-fields.js';
import { decodedBody, leavesOf, type MimePart } from './mime-tree.js';

/** A file that came with the mail (R8): inline pictures are listed, signature files are not. */
export interface MailAttachment {
  readonly name: string;
  readonly contentType: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly content: Uint8Array;
  readonly inline: boolean;
}

const SIGNATURE_TYPES = new Set([
  'application/pkcs7-signature',
  'application/x-pkcs7-signature',
  'application/pgp-signature',
]);
const SIGNATURE_NAMES = /^(?:smime\.p7s|signature\.asc|openpgp_digital_signature(?:\.asc)?)$/i;

/** Parts that carry the envelope of a report, an encryption or a Macintosh file, and nothing a person would open. */
const STRUCTURAL_TYPES = new Set([
  'application/applefile',
  'application/pgp-encrypted',
  'message/delivery-status',
  'message/disposition-notification',
  'text/rfc822-headers',
  'text/x-amp-html',
  'text/watch-html',
]);

/** Attachments in the order of the mail. */
export function attachmentsOf(root: MimePart): MailAttachment[] {
  const listed: MailAttachment[] = [];
  for (const [index, part] of leavesOf(root).entries()) {
    if (isBodyText(part, index === 0) || isSignature(part) || STRUCTURAL_TYPES.has(part.type)) continue;
    const content = decodedBody(part);
    // An enriched or empty text alternative without a name is no file.
    if (part.type.startsWith('text/') && declaredName(part) === '' && part.type !== 'text/calendar') continue;
    if (content.length === 0 && declaredName(part) === '') continue;
    const { disposition } = part;
    listed.push({
      name: attachmentName(part, content, listed.length + 1),
      contentType: part.type,
      sizeBytes: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
      content,
      inline:
        disposition.value === 'inline' ||
        (disposition.value === '' && firstField(part.fields, 'content-id') !== undefined),
    });
  }
  return listed;
}

/** A detached signature proves the mail, it is nothing the client sent to be used (R8). */
function isSignature(part: MimePart): boolean {
  return SIGNATURE_TYPES.has(part.type) || SIGNATURE_NAMES.test(declaredName(part));
}

function declaredName(part: MimePart): string {
  const written =
    part.disposition.parameters.get('filename') ?? part.contentType.parameters.get('name') ?? '';
  // Only the last step of a path: a name must not lead anywhere when somebody saves it.
  const base = written.split(/[/\\]/).at(-1) ?? '';
  return base
    .replace(/["<>|?*:\u202a-\u202e\u2066-\u2069]/g, '_')
    .trim()
    .slice(0, 255)
    .toWellFormed();
}

const EXTENSIONS: Readonly<Record<string, string>> = {
  'image/jpeg': 'jpg',
  'image/svg+xml': 'svg',
  'application/pdf': 'pdf',
  'application/zip': 'zip',
  'application/ms-tnef': 'dat',
  'text/calendar': 'ics',
  'text/csv': 'csv',
  'message/rfc822': 'eml',
};

function attachmentName(part: MimePart, content: Uint8Array, position: number): string {
  const declared = declaredName(part);
  if (declared !== '' && !/^\.+$/.test(declared)) return declared;
  if (part.type === 'message/rfc822') {
    const subject = embeddedSubject(content)
      .replace(/["<>|?*:/\\]/g, '_')
      .slice(0, 200);
    return `${subject === '' ? `message-${position}` : subject}.eml`;
  }
  if (part.type === 'application/ms-tnef') return 'winmail.dat';
  if (part.type === 'text/calendar') return 'invite.ics';
  const known = EXTENSIONS[part.type];
  const guessed = /^image\/([a-z0-9]{1,8})$/.exec(part.type)?.[1];
  const kind = part.type.startsWith('image/') ? 'image' : 'attachment';
  return `${kind}-${position}.${known ?? guessed ?? 'bin'}`;
}

function embeddedSubject(content: Uint8Array): string {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const { fields } = readHeaderBlock(bytes, 0, Math.min(bytes.length, 512 * 1024));
  return oneLine(decodeWords(firstField(fields, 'subject') ?? ''));
}
