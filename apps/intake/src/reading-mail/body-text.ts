import { messageIds } from './addresses.js';
import { decodeText } from './charset.js';
import { joinFlowed } from './flowed.js';
import { firstField } from './header-fields.js';
import { htmlToText } from './html-text.js';
import { decodedBody, type MimePart, parseMime } from './mime-tree.js';

/** Longer texts are cut: nobody writes a request of a million letters, and the raw message is kept anyway (R8). */
export const MAX_TEXT_LENGTH = 1_000_000;

interface Piece {
  readonly text: string;
  readonly fromHtml: boolean;
}

/**
 * The readable text of a whole mail, history included (R8). Where text and HTML say the same, the text is
 * taken, unless it is blank or only says that there is HTML.
 */
export function bodyTextOf(root: MimePart): string {
  const certified = certifiedMail(root);
  if (certified !== undefined) return bodyTextOf(certified);
  return joinPieces(piecesOf(root, true, isAnswer(root)));
}

/**
 * What is forwarded as an attached mail (R8), history included; the mail that is answered, attached by programs
 * that quote so, is none.
 */
export function forwardedTextOf(root: MimePart, answered: readonly string[]): string {
  if (root.type === 'multipart/report') return '';
  const forwarded = embeddedMails(certifiedMail(root) ?? root)
    .filter(({ fields }) => !messageIds(firstField(fields, 'message-id')).some((id) => answered.includes(id)))
    .map((mail) => ({ text: joinPieces(piecesOf(mail, true, isAnswer(mail))), fromHtml: false }));
  return joinPieces(forwarded.filter(({ text }) => text.trim() !== ''));
}

function isAnswer({ fields }: MimePart): boolean {
  return fields.some(({ name }) => name === 'in-reply-to' || name === 'references');
}

/**
 * Italian certified mail (PEC) wraps the sender's mail in an envelope written by the provider; what the client
 * wrote is the `postacert.eml` inside.
 */
function certifiedMail(root: MimePart): MimePart | undefined {
  if (!/posta-certificata/i.test(firstField(root.fields, 'x-trasporto') ?? '')) return undefined;
  const leaf = messageParts(root).find((part) => isNamed(part, 'postacert.eml'));
  return leaf === undefined ? undefined : parseMime(decodedBody(leaf));
}

function isNamed(part: MimePart, name: string): boolean {
  const named = part.disposition.parameters.get('filename') ?? part.contentType.parameters.get('name');
  return named?.toLowerCase() === name;
}

function messageParts(part: MimePart): MimePart[] {
  if (part.type === 'message/rfc822') return [part];
  return part.children.flatMap(messageParts);
}

const MAX_EMBEDDED = 20;

function embeddedMails(root: MimePart): MimePart[] {
  return messageParts(root)
    .slice(0, MAX_EMBEDDED)
    .map((part) => parseMime(decodedBody(part)));
}

/** Whether a leaf is part of the text rather than something attached to it. */
export function isBodyText(part: MimePart, first: boolean): boolean {
  if (part.type !== 'text/plain' && part.type !== 'text/html') return false;
  if (part.disposition.value === 'attachment') return false;
  if (part.disposition.parameters.has('filename')) return false;
  // Some programs name even the text of the mail; a named text further down is a file.
  return first || !part.contentType.parameters.has('name');
}

function piecesOf(part: MimePart, first: boolean, answers: boolean): Piece[] {
  if (part.children.length === 0) {
    if (part.type === 'multipart/alternative' || !isBodyText(part, first)) return [];
    const text = leafText(part);
    return text.trim() === '' ? [] : [{ text, fromHtml: part.type === 'text/html' }];
  }
  const perChild = part.children.map((child, index) => piecesOf(child, first && index === 0, answers));
  const filled = perChild.filter((pieces) => pieces.length > 0);
  if (part.type === 'multipart/alternative') return bestAlternative(filled, answers);
  return withoutRepeats(filled.flat());
}

function bestAlternative(alternatives: Piece[][], answers: boolean): Piece[] {
  const plain = alternatives.find((pieces) => pieces.every((piece) => !piece.fromHtml));
  const rich = alternatives.findLast((pieces) => pieces.some((piece) => piece.fromHtml));
  if (plain === undefined) return rich ?? [];
  if (rich === undefined) return plain;
  return isPlaceholder(joinPieces(plain), joinPieces(rich), answers) ? rich : plain;
}

const PLACEHOLDER =
  /\b(?:client|programma|lettore|reader|browser|viewer|versione|version)\b.{0,80}\bhtml\b|\bhtml\b.{0,80}\b(?:client|programma|reader|viewer|versione|version|message|messaggio|formato|format)\b/i;

/** What programs write in the place of a picture. */
const IMAGE_MARK =
  /\[(?:image|immagine|cid|inline)\b[^\]\n]{0,200}\]|\[[^\]\n]{1,100}\.(?:png|jpe?g|gif)\]/gi;

/** "Your mail program does not show HTML", a picture's name or a first line are not the text of the client's. */
function isPlaceholder(plain: string, rich: string, answers: boolean): boolean {
  const text = plain.trim();
  if (text.length > 2000) return false;
  if (text.replace(IMAGE_MARK, '').trim() === '') return true;
  if (rich.trim().length <= text.length) return false;
  if (text.length < 300 && PLACEHOLDER.test(text.replace(/\s+/g, ' '))) return true;
  // Only a piece of what the HTML says; in an answer the rest may be history that the text leaves out.
  if (answers) return false;
  const [beginning, everything] = [essence(text), essence(rich)];
  return everything.length >= beginning.length + 40 && everything.includes(beginning);
}

/** Webmails that write text and HTML of the same words side by side, as if they were two texts. */
function withoutRepeats(pieces: Piece[]): Piece[] {
  const kept: Piece[] = [];
  for (const piece of pieces) {
    const words = essence(piece.text);
    if (piece.fromHtml && kept.some((other) => !other.fromHtml && essence(other.text) === words)) continue;
    kept.push(piece);
  }
  return kept;
}

function essence(text: string): string {
  return text.slice(0, 20_000).replace(/[\s>*_\-[\]]+/g, '');
}

function joinPieces(pieces: readonly Piece[]): string {
  return pieces
    .map((piece) => piece.text)
    .join('\n')
    .slice(0, MAX_TEXT_LENGTH);
}

function leafText(part: MimePart): string {
  const bytes = decodedBody(part);
  const declared = part.contentType.parameters.get('charset');
  if (part.type === 'text/html') return htmlToText(decodeText(bytes, declared ?? metaCharset(bytes)));
  const text = decodeText(bytes, declared)
    .slice(0, 2 * MAX_TEXT_LENGTH)
    .replace(/\r\n?/g, '\n');
  if (part.contentType.parameters.get('format')?.toLowerCase() !== 'flowed') return text;
  return joinFlowed(text, part.contentType.parameters.get('delsp')?.toLowerCase() === 'yes');
}

/** HTML may say its charset itself where the header does not. */
function metaCharset(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 4096)).toString(
    'latin1',
  );
  return /<meta\b[^>]{0,200}\bcharset\s{0,5}=\s{0,5}["']?([\w.:-]{2,40})/i.exec(head)?.[1];
}

/** Whether bytes without any header are text somebody typed and no cut-off picture or archive. */
export function isReadableText(raw: Uint8Array): boolean {
  const sample = raw.subarray(0, 4000);
  let controls = 0;
  let letters = 0;
  for (const byte of sample) {
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) controls++;
    else if ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a) letters++;
    else if (byte > 0x7f) letters += 0.5;
  }
  return controls <= sample.length * 0.01 && letters >= 3 && letters >= sample.length * 0.3;
}
