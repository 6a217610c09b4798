import { publishedRanges, type Range } from './published-text.js';
import { sentencesOf, withoutWrapping } from './sentences.js';
import { newWordsOfSubject } from './subject-prefix.js';
import { isNoDeclaration } from './urgency-exceptions.js';
import { NO_HURRY, NO_WORK_ASKED, URGENCY_WORDS } from './urgency-words.js';

/** Whether urgency was said, and the words that say it, as they were written (R2). */
export interface Urgency {
  readonly urgent: boolean;
  readonly evidence: string[];
}

const MAX_LENGTH = 200_000;
const MAX_EVIDENCE = 20;
const MAX_SENTENCE = 4000;

interface Found {
  readonly start: number;
  readonly end: number;
  readonly strength: 'exact' | 'soft';
}

/**
 * Looks for a declaration of urgency in subject and new text (R2), Italian and English. Which words declare, and
 * which only look so, is the table of `urgency-words.ts`.
 */
export function detectUrgency(subject: string, text: string): Urgency {
  const evidence = [...declarationsIn(newWordsOfSubject(subject)), ...declarationsIn(text)];
  const unique = [...new Set(evidence)].slice(0, MAX_EVIDENCE);
  return { urgent: unique.length > 0, evidence: unique };
}

function declarationsIn(written: string): string[] {
  const original = written.slice(0, MAX_LENGTH);
  const flat = withoutWrapping(original);
  const words = wordsIn(flat);
  if (words.length === 0) return [];
  const published = publishedRanges(flat);
  const sentences = sentencesOf(flat);
  const declared: string[] = [];
  let at = 0;
  for (const found of words) {
    while (at + 1 < sentences.length && sentences[at + 1]!.start <= found.start) at++;
    const sentence = sentences[at];
    if (sentence === undefined || insideAny(published, found.start) || insideName(flat, found)) continue;
    const from = Math.max(0, found.start - sentence.start - MAX_SENTENCE / 2);
    const line = sentence.text.slice(from, from + MAX_SENTENCE);
    const context = {
      before: line.slice(0, found.start - sentence.start - from),
      word: flat.slice(found.start, found.end),
      after: line.slice(found.end - sentence.start - from),
      question: sentence.end === '?',
      next: (sentences[at + 1]?.text ?? '').slice(0, 80),
    };
    if (isNoDeclaration(context)) continue;
    if (found.strength === 'soft' && (NO_HURRY.test(line) || deniesBeside(line))) continue;
    if (found.strength === 'soft' && NO_WORK_ASKED.test(context.before.slice(-160))) continue;
    declared.push(original.slice(found.start, found.end));
    if (declared.length >= MAX_EVIDENCE) break;
  }
  return declared;
}

function wordsIn(flat: string): Found[] {
  const found: Found[] = [];
  for (const { pattern, strength } of URGENCY_WORDS) {
    for (const match of flat.matchAll(pattern)) {
      found.push({ start: match.index, end: match.index + match[0].length, strength });
      if (found.length > 2000) break;
    }
  }
  return found.sort((a, b) => a.start - b.start);
}

const DENIAL_BESIDE =
  /(?:\bnon\s(?:(?:è|e['’]|sono|sia|molto|affatto|particolarmente|proprio|così|c['’]è|ha|ho)\s){0,3}urgen|\bno[nt]?[\s-](?:(?:at|all|very|really|that|super|too)\s){0,3}urgen|n['’]t\s(?:(?:very|really|that|super|too)\s){0,2}urgen|\bnessun['’a]?\s?urgen|\bsenza\s(?:alcuna\s)?urgen)/i;

function deniesBeside(line: string): boolean {
  return DENIAL_BESIDE.test(line);
}

function insideAny(ranges: readonly Range[], at: number): boolean {
  return ranges.some((range) => at >= range.start && at < range.end);
}

/** Part of an address, a file name or a path: `avviso-urgente.pdf`, `/lavori-urgenti`. */
function insideName(flat: string, found: Found): boolean {
  const before =
    /[^\s"«»“”()[\]<>,;]{0,200}$/.exec(flat.slice(Math.max(0, found.start - 200), found.start))?.[0] ?? '';
  const after = /^[^\s"«»“”()[\]<>,;]{0,200}/.exec(flat.slice(found.end, found.end + 200))?.[0] ?? '';
  if (/:\/\/|@|www\.|\w\/$|^\/\w/.test(before)) return true;
  if (
    /^@\w|^\.(?:pdf|docx?|xlsx?|jpe?g|png|html?|php|txt|zip|csv|eml|it|com|org)\b|^[-_]\w{2,}.{0,60}\.\w{2,4}\b/i.test(
      after,
    )
  )
    return true;
  return (
    /\w[-_]$/.test(before) &&
    !/^(?:non|ultra|super|very)-$/i.test(before.slice(-6)) &&
    /^[-_./]\w/.test(after)
  );
}
