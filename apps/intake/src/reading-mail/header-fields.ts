import { cleanText, decodeText } from './charset.js';
import { decodeBase64, decodeQuotedPrintable } from './transfer-encoding.js';

/** One header field in the order of the mail: lower-cased name and unfolded value, encoded words still encoded. */
export interface HeaderField {
  readonly name: string;
  readonly value: string;
}

export interface HeaderBlock {
  readonly fields: readonly HeaderField[];
  /** Where the body begins. */
  readonly bodyStart: number;
}

const LF = 0x0a;
const MAX_FIELDS = 2000;
const MAX_VALUE_BYTES = 256 * 1024;

/** Reads a header block. What is no field is skipped; the first line that can be neither field nor fold begins the body. */
export function readHeaderBlock(raw: Buffer, start: number, end: number): HeaderBlock {
  const collected: { name: string; pieces: Buffer[]; bytes: number }[] = [];
  let at = start;
  while (at < end) {
    const newline = raw.indexOf(LF, at);
    const next = newline < 0 || newline >= end ? end : newline + 1;
    const line = withoutLineEnd(raw.subarray(at, next));
    if (line.length === 0) return { fields: collected.map(toField), bodyStart: next };
    const first = line[0]!;
    const last = collected.at(-1);
    if (first === 0x20 || first === 0x09) {
      if (last === undefined && !isBlank(line)) return { fields: [], bodyStart: start };
      // A fold line of blanks only is still a fold; it is dropped rather than taken for the end.
      if (last !== undefined && last.bytes < MAX_VALUE_BYTES) {
        last.pieces.push(line);
        last.bytes += line.length;
      }
    } else {
      const name = fieldName(line);
      if (name === undefined) {
        // mbox exports begin with "From sender date"; some gateways put the like in the middle.
        const mboxLine = line.subarray(0, 5).toString('latin1') === 'From ' || first === 0x3e;
        // A fold that lost its leading blank: skipped when the header clearly goes on behind it.
        const brokenFold = last !== undefined && fieldFollows(raw, next, end);
        if (!mboxLine && !brokenFold) return { fields: collected.map(toField), bodyStart: at };
      } else if (collected.length < MAX_FIELDS) {
        collected.push({
          name,
          pieces: [line.subarray(line.indexOf(0x3a) + 1, line.indexOf(0x3a) + MAX_VALUE_BYTES)],
          bytes: line.length,
        });
      }
    }
    at = next;
  }
  return { fields: collected.map(toField), bodyStart: end };
}

function fieldFollows(raw: Buffer, at: number, end: number): boolean {
  const head = raw.subarray(at, Math.min(end, at + 80)).toString('latin1');
  return /^(?:content-|mime-|from|to|cc|subject|date|message-id|received|x-)[a-z-]*:/i.test(head);
}

function withoutLineEnd(line: Buffer): Buffer {
  let end = line.length;
  while (end > 0 && (line[end - 1] === LF || line[end - 1] === 0x0d)) end--;
  return line.subarray(0, end);
}

function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09);
}

function fieldName(line: Buffer): string | undefined {
  const colon = line.indexOf(0x3a);
  if (colon <= 0 || colon > 100) return undefined;
  const name = line.subarray(0, colon).toString('latin1').trimEnd();
  return /^[!-9;-~]+$/.test(name) ? name.toLowerCase() : undefined;
}

/** Unfolds; raw 8-bit headers are UTF-8 when they are valid UTF-8 and windows-1252 else. */
function toField(collected: { name: string; pieces: Buffer[] }): HeaderField {
  // Blank fold lines vanish here because trim leaves nothing of them.
  const value = decodeText(Buffer.concat(collected.pieces), undefined);
  return { name: collected.name, value: value.replace(/[\r\n]/g, ' ').trim() };
}

/** The first field of a name, or undefined. */
export function firstField(fields: readonly HeaderField[], name: string): string | undefined {
  return fields.find((field) => field.name === name)?.value;
}

/** All fields of a name, top to bottom. */
export function allFields(fields: readonly HeaderField[], name: string): string[] {
  return fields.filter((field) => field.name === name).map((field) => field.value);
}

const ENCODED_WORD = /=\?([^?\s]{1,60})\?([bq])\?([^?]*)\?=/gi;

interface EncodedRun {
  charset: string;
  pieces: Uint8Array[];
}

/**
 * Decodes RFC 2047 words. Neighbours of one charset are joined as bytes first, because many programs cut
 * words in the middle of a character.
 */
export function decodeWords(value: string): string {
  if (!value.includes('=?')) return cleanText(value);
  const out: (string | EncodedRun)[] = [];
  let at = 0;
  for (const match of value.matchAll(ENCODED_WORD)) {
    const between = value.slice(at, match.index);
    const previous = out.at(-1);
    // Blanks between two encoded words belong to the encoding, not to the text.
    if (!(typeof previous === 'object' && between.trim() === '')) out.push(between);
    const charset = match[1]!.split('*')[0]!.toLowerCase();
    const source = Buffer.from(match[3]!, 'latin1');
    const bytes =
      match[2]!.toLowerCase() === 'b'
        ? decodeBase64(source)
        : decodeQuotedPrintable(Buffer.from(match[3]!.replaceAll('_', ' '), 'latin1'));
    const neighbour = out.at(-1);
    // ISO-2022-JP returns to ASCII at the end of every word, so joining is right there as well.
    if (typeof neighbour === 'object' && neighbour.charset === charset) {
      neighbour.pieces.push(bytes);
    } else {
      out.push({ charset, pieces: [bytes] });
    }
    at = match.index + match[0].length;
  }
  out.push(value.slice(at));
  return cleanText(
    out
      .map((run) => (typeof run === 'string' ? run : decodeText(Buffer.concat(run.pieces), run.charset)))
      .join(''),
  );
}

/** A header text for one line: line breaks hidden in encoded words become a blank, never a header (R8). */
export function oneLine(value: string): string {
  return value.replace(/[\s\u0085]+/g, ' ').trim();
}
