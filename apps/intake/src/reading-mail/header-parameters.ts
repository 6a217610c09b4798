import { decodeText } from './charset.js';
import { decodeWords, oneLine } from './header-fields.js';

/** A structured header such as Content-Type: its value and its parameters, names in lower case. */
export interface ParameterisedHeader {
  readonly value: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const MAX_PARAMETERS = 200;

/**
 * Parses `value; name=value; ...` with quoted strings, comments, RFC 2231 pieces and charsets, and the encoded
 * words inside quotes that RFC 2047 forbids and everybody writes.
 */
export function parseParameterised(header: string | undefined): ParameterisedHeader {
  const [head = '', ...rest] = splitOutsideQuotes(header ?? '');
  const raw = new Map<string, string>();
  for (const piece of rest.slice(0, MAX_PARAMETERS)) {
    const equals = piece.indexOf('=');
    if (equals <= 0) continue;
    const name = piece.slice(0, equals).trim().toLowerCase();
    if (!raw.has(name)) raw.set(name, unquote(piece.slice(equals + 1).trim()));
  }
  return { value: head.trim().toLowerCase(), parameters: joinPieces(raw) };
}

/** Splits at semicolons; a quote that never closes ends with its line, and comments vanish. */
function splitOutsideQuotes(header: string): string[] {
  const pieces: string[] = [];
  let current = '';
  let quoted = false;
  let depth = 0;
  for (let i = 0; i < header.length; i++) {
    const char = header[i]!;
    if ((quoted || depth > 0) && char === '\\' && i + 1 < header.length) {
      if (depth === 0) current += char + header[i + 1]!;
      i++;
    } else if (quoted) {
      current += char;
      if (char === '"') quoted = false;
    } else if (depth > 0) {
      if (char === '(') depth++;
      else if (char === ')') depth--;
    } else if (char === '"') {
      quoted = true;
      current += char;
    } else if (char === '(' && (current === '' || /\s$/.test(current.slice(-1)))) {
      // Only after a blank: unquoted file names such as `foto(1).png` are common.
      depth++;
    } else if (char === ';') {
      pieces.push(current);
      current = '';
    } else current += char;
  }
  pieces.push(current);
  return pieces;
}

function unquote(value: string): string {
  if (!value.startsWith('"')) return value;
  const inner = value.endsWith('"') && value.length > 1 ? value.slice(1, -1) : value.slice(1);
  // Windows paths are written without escaping the backslash; only quote and backslash are escapes here.
  return inner.replace(/\\(["\\])/g, '$1');
}

interface Continuation {
  readonly index: number;
  readonly encoded: boolean;
  readonly value: string;
}

function joinPieces(raw: Map<string, string>): Map<string, string> {
  const joined = new Map<string, string>();
  const continued = new Map<string, Continuation[]>();
  for (const [name, value] of raw) {
    const [base = '', ...marks] = name.split('*');
    if (marks.length === 0) {
      joined.set(base, oneLine(decodeWords(value)));
      continue;
    }
    const index = /^\d{1,3}$/.test(marks[0]!) ? Number(marks[0]) : 0;
    const pieces = continued.get(base) ?? [];
    pieces.push({ index, encoded: marks.at(-1) === '', value });
    continued.set(base, pieces);
  }
  // The extended form wins over the plain one, which is there for old readers (RFC 6266 4.3).
  for (const [base, pieces] of continued) joined.set(base, decodeContinued(pieces));
  return joined;
}

function decodeContinued(pieces: Continuation[]): string {
  pieces.sort((a, b) => a.index - b.index);
  let charset: string | undefined;
  const bytes: Buffer[] = [];
  for (const [position, piece] of pieces.entries()) {
    let { value } = piece;
    if (!piece.encoded) {
      bytes.push(Buffer.from(value, 'utf8'));
      continue;
    }
    if (position === 0) {
      const declared = /^([^']{0,60})'[^']{0,60}'/.exec(value);
      if (declared !== null) {
        charset = declared[1];
        value = value.slice(declared[0].length);
      }
    }
    bytes.push(percentDecode(value));
  }
  const text = decodeText(Buffer.concat(bytes), charset);
  return oneLine(decodeWords(text));
}

function percentDecode(value: string): Buffer {
  const source = Buffer.from(value, 'utf8').toString('latin1');
  return Buffer.from(
    source.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
}
