/** Part of a text, from its first to behind its last letter. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

const MAX_QUOTE = 1500;

const PAIRS: readonly (readonly [open: string, close: string])[] = [
  ['«', '»'],
  ['“', '”'],
  ['„', '“'],
  ['‹', '›'],
];

/**
 * Parts that are words to be put on the site rather than words to the team (R2): what stands in quotation marks, and
 * what a line such as "il testo è:" announces.
 */
export function publishedRanges(text: string): Range[] {
  return [...quotedRanges(text), ...announcedRanges(text)];
}

function quotedRanges(text: string): Range[] {
  const ranges: Range[] = [];
  for (const [open, close] of PAIRS) collectPaired(text, open, close, ranges);
  collectStraight(text, ranges);
  for (const match of text.matchAll(
    /(?<![\p{L}\p{N}])['‘](?=[\p{L}\p{N}])([^'‘’\n]{1,120})['’](?![\p{L}\p{N}])/gu,
  )) {
    ranges.push({ start: match.index, end: match.index + match[0].length });
  }
  return ranges.filter((range) => !isPredicate(text, range));
}

function collectPaired(text: string, open: string, close: string, ranges: Range[]): void {
  for (let at = text.indexOf(open); at >= 0; ) {
    const end = text.indexOf(close, at + 1);
    if (end < 0) return;
    if (end - at <= MAX_QUOTE) ranges.push({ start: at, end: end + 1 });
    at = text.indexOf(open, end + 1);
  }
}

/** Straight marks open and close with the same sign; they pair inside one paragraph only. */
function collectStraight(text: string, ranges: Range[]): void {
  let open = -1;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\n' && text[i + 1] === '\n') open = -1;
    if (text[i] !== '"') continue;
    if (open >= 0 && i - open <= MAX_QUOTE) {
      ranges.push({ start: open, end: i + 1 });
      open = -1;
    } else open = i;
  }
}

/** `la cosa è "urgente"`: the single word in marks is still said of the request. */
function isPredicate(text: string, range: Range): boolean {
  const inner = text.slice(range.start + 1, range.end - 1).trim();
  if (inner.length > 20 || /\s/.test(inner)) return false;
  const before = text.slice(Math.max(0, range.start - 40), range.start);
  return (
    /(?:^|[\s(])(?:è|é|e['’]|is|['’]s|sono|davvero|ritenerla|ritenerlo|considerarla|considerarlo|as|come)\s+(?:davvero\s+|molto\s+|really\s+|very\s+)?$/i.test(
      before,
    ) &&
    !/(?:titolo|testo|scritta|voce|etichetta|pulsante|title|label|button|text)\b[^.!?\n]{0,25}$/i.test(before)
  );
}

const ANNOUNCED_THING =
  '(?:test[oi]|avvis[oi]|notizi[ae]|comunicat[oi]|messagg(?:io|i)|titol[oi]|banner|dicitura|scritta|frase|frasi|pop-?up|etichett[ae]|voc[ei]|paragraf[oi]|annunci[oo]?|slogan|didascali[ae]|post|news|text|notices?|headline|domand[ae]|faq|questions?|oggetto della (?:newsletter|mail|campagna)|(?:newsletter )?subject(?: line)?|titles?|wording|copy|messages?|captions?|sentences?|announcements?|labels?)';
const PUBLISHING =
  '(?:pubblic\\p{L}{1,8}|scriv\\p{L}{1,8}|riport\\p{L}{1,8}|inseri\\p{L}{1,8}|mett\\p{L}{1,8}|aggiung\\p{L}{1,8}|publish|post|write|put|add|display|show|insert)';

const ANNOUNCEMENT = new RegExp(
  `(?<![\\p{L}])(?:${ANNOUNCED_THING}(?![\\p{L}])[^.!?\\n:]{0,70}|(?:scrivere|scrivete|scriveteci|pubblicare|pubblicate|riportare|publish|write|reads?)(?![\\p{L}])[^.!?\\n:]{0,50})(:)`,
  'giu',
);
const HAS_PUBLISHING = new RegExp(`(?<![\\p{L}])${PUBLISHING}(?![\\p{L}])`, 'iu');
const SAYS_TEXT_IS =
  /(?:\bè|\bsarà|\bsarebbe|\bis|\bshould (?:be|read|say)|\breads|\bseguente|\bseguenti|\bnuov[oai]|\bfollowing|\bsolo|\bnew)?\s*$/iu;

/** From a colon that announces a text to the end of that text. */
function announcedRanges(text: string): Range[] {
  const ranges: Range[] = [];
  for (const match of text.matchAll(ANNOUNCEMENT)) {
    const colon = match.index + match[0].length - 1;
    if (colon < (ranges.at(-1)?.end ?? 0)) continue;
    const announcement = match[0].slice(0, -1);
    const lineStart = text.lastIndexOf('\n', match.index) + 1;
    const opening = text
      .slice(Math.max(lineStart, match.index - 300), colon)
      .split(/[.!?]\s/)
      .at(-1)!;
    const known =
      HAS_PUBLISHING.test(opening) ||
      /(?:\bè|\bsarà|\bis|\bbe|\bread|\bsay|\breads|seguent[ei]|following)\s*$/iu.test(announcement);
    if (!known && !isBareLabel(opening)) continue;
    const rest = text.slice(colon + 1, colon + 200);
    if (
      /^\s{0,3}(?:è|e['’]|it['’]?s|it is|this is|abbiamo|ci serve|ne abbiamo)\s[^.!?\n]{0,40}urgen/iu.test(
        rest,
      )
    )
      continue;
    if (/urgen[tz]\p{L}*\s*$/iu.test(announcement) && !SAYS_TEXT_IS.test(opening)) continue;
    ranges.push({ start: colon + 1, end: endOfAnnounced(text, colon + 1) });
  }
  return ranges;
}

/** `Testo:` alone at the start of its line. */
function isBareLabel(opening: string): boolean {
  return (
    opening.trim().length < 40 &&
    /^(?:il |lo |l['’]|the |nuovo |new )?(?:testo|titolo|avviso|notizia|oggetto della newsletter|text|title|headline|notice)\b/i.test(
      opening.trim(),
    )
  );
}

const TO_THE_TEAM =
  /(?:\bvi (?:chied|preg|ringrazi|segnal)|\bgrazie\b|\bpotete\b|\bpotreste\b|\bvorremmo\b|\bcordiali\b|\bsaluti\b|\bplease\b|\bcould you\b|\bcan you\b|\bthank|\bregards\b|\bci serv|\bfateci\b|\blet (?:us|me) know\b|\b(?:è|e['’]|it['’]s|it is|this is) (?:\w+ )?urgent|\bla richiesta\b|\bthis request\b|\bper noi\b)/i;

/** The line with the colon, or, when that ends there, the paragraphs below it up to one that speaks to the team. */
function endOfAnnounced(text: string, from: number): number {
  const lineEnd = indexOrEnd(text, '\n', from);
  if (text.slice(from, lineEnd).trim() !== '') return endOfFirstLine(text, from, lineEnd);
  let at = lineEnd;
  let taken = false;
  while (at < text.length) {
    const paragraphStart = skipBlank(text, at);
    const paragraphEnd = indexOrEnd(text, '\n\n', paragraphStart);
    const paragraph = text.slice(paragraphStart, Math.min(paragraphEnd, paragraphStart + 2000));
    if (taken && TO_THE_TEAM.test(paragraph)) return paragraphStart;
    taken = true;
    at = paragraphEnd;
    if (paragraphEnd >= text.length) break;
  }
  return text.length;
}

/** On the same line the text goes on until a sentence that speaks to the team. */
function endOfFirstLine(text: string, from: number, lineEnd: number): number {
  for (const stop of text.slice(from, lineEnd).matchAll(/[.!?]\s+(?=\p{Lu})/gu)) {
    const after = from + stop.index + stop[0].length;
    if (TO_THE_TEAM.test(text.slice(after, Math.min(lineEnd, after + 120)))) return after;
  }
  return lineEnd;
}

function skipBlank(text: string, from: number): number {
  let at = from;
  while (at < text.length && /\s/.test(text[at]!)) at++;
  return at;
}

function indexOrEnd(text: string, needle: string, from: number): number {
  const at = text.indexOf(needle, from);
  return at < 0 ? text.length : at;
}
