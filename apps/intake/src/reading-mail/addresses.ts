import { domainToASCII } from 'node:url';
import { allFields, decodeWords, firstField, type HeaderField, oneLine } from './header-fields.js';

/** A mailbox of a header: the address lower-cased, its domain in ASCII form. */
export interface Mailbox {
  readonly email: string;
  readonly name?: string;
}

const MAX_MAILBOXES = 2000;

/**
 * Lower case, no surrounding blanks, domain in ASCII (punycode) form; undefined when it is no address. The
 * sender is matched by this form (R8: letter case does not matter).
 */
export function normaliseAddress(address: string): string | undefined {
  const bare = address
    .normalize('NFC')
    .replace(/\s/g, '')
    .replace(/^mailto:/i, '');
  const at = bare.lastIndexOf('@');
  if (at <= 0 || at === bare.length - 1 || bare.length > 320) return undefined;
  const quoted = /^"([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+)"$/.exec(bare.slice(0, at));
  const local = quoted?.[1] ?? bare.slice(0, at);
  const written = bare.slice(at + 1).replace(/\.$/, '');
  // Letters only get the IDN treatment when there is something to encode: an address literal stays as it is.
  const domain = /^[\x20-\x7e]+$/.test(written) ? written : domainToASCII(written);
  if (domain === '' || /[<>(),;:"\\@]/.test(domain.replace(/^\[.*\]$/, ''))) return undefined;
  if (local.includes('@') || /[<>(),;\\]/.test(local)) return undefined;
  return `${local}@${domain}`.toLowerCase();
}

/**
 * Mailboxes of an address header (RFC 5322, groups and comments included). Encoded words are decoded after the
 * header was cut into pieces, so that no encoded name can smuggle in an address.
 */
export function parseMailboxes(header: string): Mailbox[] {
  const found: Mailbox[] = [];
  let phrase = '';
  let comment = '';
  let angle: string | undefined;
  const finish = () => {
    const email = normaliseAddress(angle ?? phrase);
    if (email !== undefined && found.length < MAX_MAILBOXES) {
      const name = displayName(angle === undefined ? comment : phrase || comment);
      found.push(name === '' ? { email } : { email, name });
    }
    phrase = '';
    comment = '';
    angle = undefined;
  };
  for (let i = 0; i < header.length; i++) {
    const char = header[i]!;
    if (char === '"') {
      const end = closing(header, i, '"');
      phrase += header.slice(i, end + 1);
      i = end;
    } else if (char === '(') {
      const end = closingComment(header, i);
      comment ||= header.slice(i + 1, end);
      i = end;
    } else if (char === '<') {
      const end = header.indexOf('>', i);
      const stop = end < 0 ? header.length : end;
      // Two addresses in one mailbox leave open which one was authenticated: none of them is the sender.
      angle = angle === undefined ? header.slice(i + 1, stop) : '';
      i = stop;
    } else if (char === ',' || char === ';') finish();
    else if (char === ':' && !/mailto$/i.test(phrase.trim())) phrase = '';
    else phrase += char;
  }
  finish();
  return found;
}

function closing(text: string, from: number, quote: string): number {
  for (let i = from + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === quote) return i;
  }
  return text.length;
}

function closingComment(text: string, from: number): number {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '(') depth++;
    else if (text[i] === ')' && --depth === 0) return i;
  }
  return text.length;
}

function displayName(phrase: string): string {
  const bare = phrase.trim().replace(/\\(["\\])/g, '$1');
  return oneLine(decodeWords(bare.replace(/^"|"$/g, '')))
    .replace(/^["']+|["']+$/g, '')
    .trim();
}

/**
 * The sender. Where several From fields, or several authors of different domains, leave open whom the
 * receiving server's DMARC result was about, there is none: such a mail can prove nobody's identity (R8).
 */
export function senderOf(fields: readonly HeaderField[]): Mailbox | null {
  const boxes = allFields(fields, 'from').flatMap(parseMailboxes);
  const [first] = boxes;
  if (first === undefined) return null;
  const domains = new Set(boxes.map((box) => box.email.slice(box.email.lastIndexOf('@'))));
  if (domains.size > 1) return null;
  const declared = parseMailboxes(firstField(fields, 'sender') ?? '')[0]?.email;
  return boxes.find((box) => box.email === declared) ?? first;
}

/** Lower-cased addresses of all fields with this name, each once, in order. */
export function addressesOf(fields: readonly HeaderField[], name: string): string[] {
  return [
    ...new Set(allFields(fields, name).flatMap((value) => parseMailboxes(value).map((box) => box.email))),
  ];
}

const MAX_IDS = 500;

/** Message ids without angle brackets, each once, in order. Words around them ("message of Monday ...") are left out. */
export function messageIds(value: string | undefined): string[] {
  if (value === undefined) return [];
  const bracketed = [...value.matchAll(/<([^<>]{1,995})>/g)].map((match) => match[1]!.replace(/\s/g, ''));
  const ids = bracketed.length > 0 ? bracketed : value.split(/[\s,]+/).filter((word) => /.@./.test(word));
  return [...new Set(ids.filter((id) => id !== ''))].slice(0, MAX_IDS);
}
