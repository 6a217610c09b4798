const LF = 0x0a;
const CR = 0x0d;
const EQUALS = 0x3d;

/** Undoes a Content-Transfer-Encoding. Damaged input gives what can be saved of it; an unknown name gives the bytes as they are. */
export function decodeTransfer(body: Uint8Array, encoding: string): Uint8Array {
  switch (encoding.trim().toLowerCase()) {
    case 'base64':
      return decodeBase64(body);
    case 'quoted-printable':
      return decodeQuotedPrintable(body);
    default:
      return body;
  }
}

const BASE64_VALUES = (() => {
  const values = new Int8Array(256).fill(-1);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  for (let i = 0; i < alphabet.length; i++) values[alphabet.charCodeAt(i)] = i;
  // The URL-safe letters appear in mails written by hand-made scripts; they mean the same.
  values['-'.charCodeAt(0)] = 62;
  values['_'.charCodeAt(0)] = 63;
  return values;
})();

/**
 * Base64 that survives stray letters, missing padding and several padded pieces glued together (Buffer stops
 * at the first padding). A body that is clearly not base64 in spite of its label is returned untouched.
 */
export function decodeBase64(body: Uint8Array): Uint8Array {
  if (looksLikePlainText(body)) return body;
  const out = new Uint8Array(Math.floor((body.length * 3) / 4) + 3);
  let length = 0;
  let bits = 0;
  let held = 0;
  for (let i = 0; i < body.length; i++) {
    const byte = body[i]!;
    if (byte === EQUALS) {
      bits = 0;
      held = 0;
      continue;
    }
    const value = BASE64_VALUES[byte]!;
    if (value < 0) continue;
    held = ((held << 6) | value) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[length++] = (held >> bits) & 0xff;
    }
  }
  return out.subarray(0, length);
}

/** Blanks between words and letters outside the alphabet do not occur in base64, whatever the label says. */
function looksLikePlainText(body: Uint8Array): boolean {
  const sample = body.subarray(0, 4096);
  let foreign = 0;
  let seen = 0;
  for (const byte of sample) {
    if (byte === CR || byte === LF) continue;
    seen++;
    if (byte !== EQUALS && BASE64_VALUES[byte]! < 0) foreign++;
  }
  return seen > 0 && foreign / seen > 0.08;
}

/** Quoted-printable; an `=` that starts no valid sequence stays as it is (RFC 2045 6.7, note 2). */
export function decodeQuotedPrintable(body: Uint8Array): Uint8Array {
  const out = new Uint8Array(body.length);
  let length = 0;
  let i = 0;
  while (i < body.length) {
    const byte = body[i]!;
    if (byte !== EQUALS) {
      out[length++] = byte;
      i++;
      continue;
    }
    const high = hexValue(body[i + 1]);
    const low = hexValue(body[i + 2]);
    if (high >= 0 && low >= 0) {
      out[length++] = (high << 4) | low;
      i += 3;
      continue;
    }
    const afterBreak = endOfSoftBreak(body, i + 1);
    if (afterBreak > 0) {
      i = afterBreak;
      continue;
    }
    out[length++] = byte;
    i++;
  }
  return out.subarray(0, length);
}

/** Relays pad lines with blanks, so a soft break may have some between `=` and the line end. */
function endOfSoftBreak(body: Uint8Array, from: number): number {
  let i = from;
  // A bounded look-ahead keeps `= = = =` linear.
  while (i < body.length && i - from < 80 && (body[i] === 0x20 || body[i] === 0x09)) i++;
  if (i >= body.length) return i;
  if (body[i] === CR) return body[i + 1] === LF ? i + 2 : i + 1;
  return body[i] === LF ? i + 1 : 0;
}

function hexValue(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  if (byte >= 0x41 && byte <= 0x46) return byte - 0x37;
  if (byte >= 0x61 && byte <= 0x66) return byte - 0x57;
  return -1;
}
