import { firstField, type HeaderField, readHeaderBlock } from './header-fields.js';
import { type ParameterisedHeader, parseParameterised } from './header-parameters.js';
import { decodeTransfer } from './transfer-encoding.js';

/** One entity of a mail. A multipart has children, everything else has a body. */
export interface MimePart {
  readonly fields: readonly HeaderField[];
  readonly type: string;
  readonly contentType: ParameterisedHeader;
  readonly disposition: ParameterisedHeader;
  /** The body as transmitted. */
  readonly body: Buffer;
  readonly children: readonly MimePart[];
}

const MAX_BYTES = 64 * 1024 * 1024;
const MAX_PARTS = 1000;
const MAX_DEPTH = 30;
/** Lines that look like a boundary and are none cost a comparison each; hostile mails hold millions. */
const MAX_CANDIDATES = 100_000;

interface Budget {
  parts: number;
  candidates: number;
}

/**
 * Cuts raw bytes into a tree (R8). Missing MIME-Version, boundary parameter and closing boundary are tolerated;
 * beyond 1000 parts or 30 levels what is left stays one undivided body, so the work is bounded.
 */
export function parseMime(raw: Uint8Array): MimePart {
  const budget = { parts: MAX_PARTS, candidates: MAX_CANDIDATES };
  return parseEntity(withLineFeeds(raw), budget, 0, 'text/plain');
}

/** Very old programs end lines with CR alone. */
function withLineFeeds(raw: Uint8Array): Buffer {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, Math.min(raw.byteLength, MAX_BYTES));
  if (bytes.includes(0x0a) || !bytes.includes(0x0d)) return bytes;
  return Buffer.from(bytes.toString('latin1').replaceAll('\r', '\n'), 'latin1');
}

function parseEntity(raw: Buffer, budget: Budget, depth: number, defaultType: string): MimePart {
  budget.parts--;
  const { fields, bodyStart } = readHeaderBlock(raw, 0, raw.length);
  const contentType = parseParameterised(firstField(fields, 'content-type'));
  const disposition = parseParameterised(firstField(fields, 'content-disposition'));
  const type = /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/.test(contentType.value)
    ? contentType.value
    : normaliseType(contentType.value, defaultType);
  const body = raw.subarray(bodyStart);
  const part = { fields, type, contentType, disposition, body };
  if (!type.startsWith('multipart/') || depth >= MAX_DEPTH) return { ...part, children: [] };
  const boundary = contentType.parameters.get('boundary')?.trim();
  const pieces = splitAtBoundary(body, boundary, budget);
  const childDefault = type === 'multipart/digest' ? 'message/rfc822' : 'text/plain';
  const children: MimePart[] = [];
  for (const piece of pieces) {
    if (budget.parts <= 0) break;
    children.push(parseEntity(piece, budget, depth + 1, childDefault));
  }
  return { ...part, children };
}

/** `Content-Type: text` and the like are still written; an unreadable type is taken for what the place defaults to. */
function normaliseType(written: string, defaultType: string): string {
  if (written === 'text' || written === '') return defaultType;
  return written === 'html' ? 'text/html' : defaultType;
}

function splitAtBoundary(body: Buffer, declared: string | undefined, budget: Budget): Buffer[] {
  if (declared !== undefined && declared !== '' && declared.length <= 300) {
    const pieces = splitAt(body, declared, budget);
    if (pieces.length > 0) return pieces;
    // Only the end is marked: what stands before it is all there is.
    const end = body.indexOf(Buffer.from(`--${declared}--`, 'latin1'));
    if (end === 0 || (end > 0 && body[end - 1] === 0x0a)) return asOnePart(body.subarray(0, end));
  }
  const guessed = guessBoundary(body);
  if (guessed !== undefined) return splitAt(body, guessed, budget);
  // No boundary anywhere: the whole body is one part of text.
  return asOnePart(body);
}

function asOnePart(body: Buffer): Buffer[] {
  return body.length > 0 ? [Buffer.concat([Buffer.from('\n'), body])] : [];
}

/** Finds the first line `--something` that a Content- header follows. */
function guessBoundary(body: Buffer): string | undefined {
  const head = body.subarray(0, 64 * 1024).toString('latin1');
  return /^--([^\r\n]{1,200}?)[ \t]*\r?\nContent-/im.exec(head)?.[1];
}

function splitAt(body: Buffer, boundary: string, budget: Budget): Buffer[] {
  const marker = Buffer.from(`--${boundary}`, 'latin1');
  const pieces: Buffer[] = [];
  let openFrom: number | undefined;
  let at = 0;
  while (budget.candidates > 0 && pieces.length < MAX_PARTS) {
    const found = body.indexOf(marker, at);
    if (found < 0) break;
    budget.candidates--;
    at = found + marker.length;
    if (found > 0 && body[found - 1] !== 0x0a) continue;
    const closes = body[at] === 0x2d && body[at + 1] === 0x2d;
    const lineEnd = endOfDelimiterLine(body, closes ? at + 2 : at);
    if (lineEnd === undefined) continue;
    if (openFrom !== undefined) pieces.push(body.subarray(openFrom, beforeLineEnd(body, openFrom, found)));
    openFrom = closes ? undefined : lineEnd;
    if (closes) {
      // Some programs close too early and go on with the same boundary; nothing may be lost (R8).
      at = lineEnd;
    }
  }
  if (openFrom !== undefined && openFrom < body.length) pieces.push(body.subarray(openFrom));
  return pieces;
}

/** Only blanks may follow on a delimiter line, else it is text or a longer boundary. */
function endOfDelimiterLine(body: Buffer, from: number): number | undefined {
  let i = from;
  while (i < body.length && i - from < 1000 && (body[i] === 0x20 || body[i] === 0x09 || body[i] === 0x0d))
    i++;
  if (i >= body.length) return body.length;
  return body[i] === 0x0a ? i + 1 : undefined;
}

/** The line end before a delimiter belongs to the delimiter (RFC 2046 5.1.1). */
function beforeLineEnd(body: Buffer, start: number, delimiter: number): number {
  let end = delimiter;
  if (end > start && body[end - 1] === 0x0a) end--;
  if (end > start && body[end - 1] === 0x0d) end--;
  return end;
}

/** The body with its transfer encoding undone. */
export function decodedBody(part: MimePart): Uint8Array {
  return decodeTransfer(
    part.body,
    parseParameterised(firstField(part.fields, 'content-transfer-encoding')).value,
  );
}

/** All parts that are no multipart, in order. */
export function leavesOf(part: MimePart): MimePart[] {
  if (part.children.length === 0) return part.type.startsWith('multipart/') ? [] : [part];
  return part.children.flatMap(leavesOf);
}
