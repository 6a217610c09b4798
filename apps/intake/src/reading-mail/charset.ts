import iconv from 'iconv-lite';

/** Labels that mail programs write while meaning something else, or nothing; the bytes decide for these (R8). */
const UNRELIABLE = new Set([
  '',
  'ascii',
  'us-ascii',
  'ansi_x3.4-1968',
  'iso-8859-1',
  'iso8859-1',
  'iso_8859-1',
  'latin1',
  'latin-1',
  'l1',
  'cp819',
  'iso-8859-15',
  'windows-1252',
  'cp1252',
  'cp-1252',
  'x-cp1252',
  'ansi',
  'utf-8',
  'utf8',
  'unicode-1-1-utf-8',
  'unknown',
  'unknown-8bit',
  'x-unknown',
  'default',
  'binary',
  '8bit',
  '7bit',
]);

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });
const looseUtf8 = new TextDecoder('utf-8');

/**
 * Text of bytes whose charset label may be wrong, missing or unknown (R8). Never throws; NUL and lone
 * surrogates are removed, since neither the database nor JSON can keep them.
 */
export function decodeText(bytes: Uint8Array, label: string | undefined): string {
  return cleanText(
    decode(
      bytes,
      (label ?? '')
        .trim()
        .toLowerCase()
        .replace(/^["']|["']$/g, ''),
    ),
  );
}

/** Removes what no text holds: NUL, byte-order marks, unpaired surrogates, control characters except tab and line ends. */
export function cleanText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed here
  return text.replace(/[\u0000-\u0008\u000b\u000e-\u001f\u007f\ufeff]/g, '').toWellFormed();
}

function decode(bytes: Uint8Array, label: string): string {
  const marked = byteOrderMark(bytes);
  if (marked !== undefined) return decodeAs(bytes, marked) ?? looseUtf8.decode(bytes);
  if (label.startsWith('utf-16') || label === 'utf16' || label === 'ucs-2') return decodeUtf16(bytes, label);
  if (UNRELIABLE.has(label)) return sniff(bytes, label);
  return decodeAs(bytes, label) ?? sniff(bytes, '');
}

function byteOrderMark(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return undefined;
}

function decodeAs(bytes: Uint8Array, label: string): string | undefined {
  try {
    return new TextDecoder(label).decode(bytes);
  } catch {
    // Not a label of the Encoding standard (utf-7, cp437, ...): iconv-lite knows more names.
  }
  try {
    return iconv.encodingExists(label) ? iconv.decode(Buffer.from(bytes), label) : undefined;
  } catch {
    return undefined;
  }
}

/** utf-16 without a mark: the half of the bytes that is zero says the order; none at all means the label lies. */
function decodeUtf16(bytes: Uint8Array, label: string): string {
  const { even, odd } = zeroBytes(bytes);
  if (even + odd === 0 && validUtf8(bytes) !== undefined) return sniff(bytes, '');
  if (label.endsWith('be') || (even > odd && !label.endsWith('le'))) {
    return decodeAs(bytes, 'utf-16be') ?? '';
  }
  return decodeAs(bytes, 'utf-16le') ?? '';
}

function sniff(bytes: Uint8Array, label: string): string {
  const { even, odd } = zeroBytes(bytes);
  const sampled = Math.min(bytes.length, 4096);
  // Every second byte zero: UTF-16 that nobody declared.
  if (sampled >= 8 && Math.max(even, odd) > sampled * 0.35 && Math.min(even, odd) < sampled * 0.05) {
    return decodeAs(bytes, odd > even ? 'utf-16le' : 'utf-16be') ?? '';
  }
  if (hasJapaneseEscape(bytes)) return decodeAs(bytes, 'iso-2022-jp') ?? '';
  const utf8 = validUtf8(bytes);
  if (utf8 !== undefined) return utf8;
  const loose = looseUtf8.decode(bytes);
  if (mostlyUtf8(loose)) return loose;
  // windows-1252 is a superset of the printable latin-1: curly quotes and the euro sign sit where latin-1 has nothing.
  return decodeAs(bytes, label === 'iso-8859-15' ? 'iso-8859-15' : 'windows-1252') ?? loose;
}

/** A cut or damaged character in otherwise good UTF-8 must not turn the whole text into latin-1. */
function mostlyUtf8(loose: string): boolean {
  let broken = 0;
  let good = 0;
  const end = Math.min(loose.length, 200_000);
  for (let i = 0; i < end; i++) {
    const code = loose.charCodeAt(i);
    if (code === 0xfffd) broken++;
    else if (code > 0x7f) good++;
  }
  return good > broken;
}

function validUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function zeroBytes(bytes: Uint8Array): { even: number; odd: number } {
  let even = 0;
  let odd = 0;
  const end = Math.min(bytes.length, 4096);
  for (let i = 0; i < end; i++) {
    if (bytes[i] !== 0) continue;
    if (i % 2 === 0) even++;
    else odd++;
  }
  return { even, odd };
}

/** ESC $ B, ESC $ @ and ESC ( J switch alphabets in ISO-2022-JP and stand nowhere else. */
function hasJapaneseEscape(bytes: Uint8Array): boolean {
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf('\u001b$', 0, 'latin1');
  return at >= 0 && (bytes[at + 2] === 0x42 || bytes[at + 2] === 0x40);
}
