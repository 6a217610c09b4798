import { sentencesOf, withoutWrapping } from './sentences.js';
import { type AskKind, askKind, isInstruction } from './several-asks.js';
import { announcesSeveral, fieldsOf, matterOf, STRONG_CONNECTOR, WEAK_CONNECTOR } from './several-lexicon.js';
import { type ItemList, listsOf } from './several-lists.js';
import { subjectKind } from './subject-prefix.js';

/** Whether a mail seems to hold several requests, and the words or lines that made it seem so (R8). */
export interface Several {
  readonly possiblySeveral: boolean;
  readonly evidence: string[];
}

const MAX_LENGTH = 60_000;
const MAX_ASKS = 60;
const MAX_EVIDENCE = 12;
const MAX_EVIDENCE_LENGTH = 240;

interface Ask {
  readonly text: string;
  readonly kind: AskKind;
  readonly connector: 'strong' | 'weak' | undefined;
  readonly matter: ReadonlySet<string>;
  readonly fields: ReadonlySet<string>;
}

/**
 * Flags a mail that seems to ask for several different things (R8). Two signs work together: how the mail is built
 * (items of a list, "inoltre", "one more thing", several questions) and whether the asks share their matter. Steps
 * of one fault, texts of one page, parts of one job and an agenda of one training stay one request.
 */
export function detectSeveral(subject: string, text: string): Several {
  const flat = withoutWrapping(withoutForwardedHeaders(numberedOnLines(text.slice(0, MAX_LENGTH))));
  const title = subjectKind(subject) === 'reply' ? '' : subject;
  const lists = listsOf(flat);
  const evidence = [
    ...lists.flatMap((list) => listEvidence(list, title)),
    ...headings(flat),
    ...proseEvidence(proseOutside(flat, lists), title, lists),
  ];
  const unique = [...new Set(evidence.map(shown))].filter((line) => line !== '').slice(0, MAX_EVIDENCE);
  return { possiblySeveral: unique.length > 0, evidence: unique };
}

/** "(1) ... (2) ..." and "1. ... 2. ... 3. ..." in one paragraph are a list as well. */
function numberedOnLines(text: string): string {
  return text
    .split('\n')
    .map((line) => (NUMBERED_INLINE.test(line.slice(0, 4000)) ? line.replace(INLINE_NUMBER, '\n') : line))
    .join('\n');
}

const NUMBERED_INLINE =
  /(?:^|\s)\(?1\)\s[^\n]{3,1000}?\s\(?2\)\s|(?:^|\s)1\.\s\p{L}[^\n]{3,600}?\s2\.\s\p{L}[^\n]{3,600}?\s3\.\s\p{L}/u;
const INLINE_NUMBER = /(?<=\S)[ \t](?=(?:\(?\d{1,2}\)|\d\.)\s\p{L})/gu;

function shown(line: string): string {
  return line.replace(/\s+/g, ' ').trim().slice(0, MAX_EVIDENCE_LENGTH);
}

function withoutForwardedHeaders(text: string): string {
  return text
    .split('\n')
    .filter(
      (line) =>
        !/^\s{0,5}(?:da|a|from|to|sent|inviato|data|date|cc|oggetto|subject)\s?:|^[\s_-]{5,}$/i.test(
          line.slice(0, 200),
        ),
    )
    .join('\n');
}

function proseOutside(flat: string, lists: readonly ItemList[]): string {
  const lines = flat.split('\n');
  for (const list of lists) for (let i = list.firstLine; i <= list.lastLine; i++) lines[i] = '';
  return lines.join('\n');
}

/** "Richiesta 1 ... Richiesta 2": the writer counts the requests. */
function headings(flat: string): string[] {
  const found =
    flat.match(
      /^[ \t]{0,5}(?:richiesta|request|task)[ \t](?:n\.?[ \t]?|#)?\d{1,2}[ \t]?[:.)–-]?[ \t]*$/gim,
    ) ?? [];
  return new Set(found.map((line) => line.trim().toLowerCase())).size >= 2 ? found : [];
}

/** Items that are asks of their own on different matters. */
function listEvidence(list: ItemList, title: string): string[] {
  if (list.role !== 'open') return [];
  const announced = announcesSeveral(title) || announcesSeveral(list.intro);
  const asks = list.items
    .map((item) => {
      const implied = list.introAsks || announced ? 'request' : undefined;
      const kind = askKind(item, item.trimEnd().endsWith('?')) ?? implied;
      return kind === undefined ? undefined : toAsk(item, kind);
    })
    .filter((ask) => ask !== undefined)
    .slice(0, MAX_ASKS);
  if (asks.length < 2) return [];
  // One page, one form, one event named in the introduction: its items are parts of that job.
  const differing = differentPairs(asks);
  const explicit = list.items.filter(
    (item) => askKind(item, item.trimEnd().endsWith('?')) !== undefined,
  ).length;
  if (announced && (differing > 0 || explicit >= 2)) return asks.map((ask) => ask.text);
  if (list.oneJob) return crossesFields(asks) ? asks.map((ask) => ask.text) : [];
  return explicit >= 2 && differing > 0 ? asks.map((ask) => ask.text) : [];
}

/** Training, consulting and contract questions are other work than any change of the site. */
const APART = ['training', 'consulting', 'package', 'account'];

function crossesFields(asks: readonly Ask[]): boolean {
  return APART.some((field) => {
    const inField = asks.filter((ask) => ask.fields.has(field)).length;
    return inField > 0 && inField < asks.length;
  });
}

function differentPairs(asks: readonly Ask[]): number {
  let pairs = 0;
  for (let i = 0; i < asks.length; i++) {
    for (let j = i + 1; j < asks.length; j++) if (differ(asks[i]!, asks[j]!)) pairs++;
  }
  return pairs;
}

function proseEvidence(prose: string, title: string, lists: readonly ItemList[]): string[] {
  const asks: Ask[] = [];
  let background = new Set<string>();
  const evidence: string[] = [];
  const told = sentencesOf(prose);
  for (const sentence of told) {
    if (asks.length >= MAX_ASKS) break;
    const text = sentence.text.trim();
    const connector = STRONG_CONNECTOR.test(text) ? 'strong' : WEAK_CONNECTOR.test(text) ? 'weak' : undefined;
    // What "another thing" opens is an ask, in whatever words it goes on.
    const opened = connector === 'strong' && (fieldsOf(text).size > 0 || matterOf(text).size >= 3);
    const kind = askKind(withoutConnector(text), sentence.end === '?') ?? (opened ? 'request' : undefined);
    if (kind === undefined) {
      background = new Set([...background, ...matterOf(text)].slice(0, 400));
      continue;
    }
    const ask = { ...toAsk(text, kind), connector } as Ask;
    if (chainsMatters(text)) evidence.push(text);
    if (isNewMatter(ask, asks, lists, background))
      evidence.push(...(asks.length > 0 ? [asks.at(-1)!.text] : []), text);
    asks.push(ask);
    background = new Set();
  }
  if (evidence.length > 0) return evidence;
  const opening = [title, ...told.slice(0, 4).map((sentence) => sentence.text)];
  const announced = opening.find(announcesSeveral);
  if (announced === undefined) return [];
  // Who announces several things may tell them all in one sentence.
  const clauses = told.flatMap((sentence) =>
    sentence.text.split(CLAUSE).map((text) => ({ text, end: sentence.end })),
  );
  const named = clauses.slice(0, MAX_ASKS).flatMap(({ text, end }) => {
    const kind = askKind(text.trim(), end === '?') ?? (COUNTED.test(text) ? 'request' : undefined);
    return kind === undefined ? [] : [toAsk(text, kind)];
  });
  return named.length >= 2 && differentPairs(named) > 0 ? [announced, ...named.map((ask) => ask.text)] : [];
}

/** "La prima riguarda il modulo, la seconda la newsletter". */
const COUNTED =
  /^\s{0,3}(?:e |and )?(?:la |il |the )?(?:prim[oa]|second[oa]|terz[oa]|first|second|third|other|altr[oa])\s(?:riguarda|è|sono|concerne|is|are|concerns)(?![\p{L}])/iu;

const CLAUSE =
  /[:,]\s(?:and|e|ed)?\s?(?=(?:la|il|the) (?:prim|second|terz|first|third)|please|could you|can you|we |potete|potreste|vorremmo|vi chied|servirebbe|ci serv|serve )|\s(?:and|e|ed)\s(?=please|could you|can you|potete|potreste|vorremmo|vi chied|servirebbe|ci serv)|:\s/giu;

function withoutConnector(text: string): string {
  return text
    .replace(
      /^\s{0,5}(?:inoltre|infine|poi|e poi|in più|also|finally|additionally|in addition|moreover|lastly|then|plus)[,:]?\s/i,
      '',
    )
    .replace(/\s(?:inoltre|anche|poi|altresì|also)(?=\s)/gi, '');
}

/** "Add the shop to the map, renew the certificate and train Lucy": three instructions, no field of work in common. */
function chainsMatters(text: string): boolean {
  const clauses = text.slice(0, 1200).split(/,\s(?:and |e )?|\s(?:and|e|ed)\s/u);
  const fields = clauses.slice(0, 20).filter(isInstruction).map(fieldsOf);
  if (fields.length < 3 || fields.some((named) => named.size === 0)) return false;
  return fields.every((named, i) => fields.slice(i + 1).every((other) => !sharesAny(named, other)));
}

/** Whether an ask opens a matter that none of the earlier ones had. */
function isNewMatter(
  ask: Ask,
  earlier: readonly Ask[],
  lists: readonly ItemList[],
  background: ReadonlySet<string>,
): boolean {
  const asked = earlier.filter(
    (other) => other.kind !== 'defect' || ask.kind === 'defect' || ask.connector !== undefined,
  );
  if (ask.connector === 'strong')
    return earlier.length + lists.length + background.size > 0 && !refersBack(ask.text);
  if (asked.length === 0 || refersBack(ask.text)) return false;
  if (!asked.every((other) => differ(other, ask))) return false;
  if (earlier.some((other) => other.connector === 'strong')) return true;
  if (ask.connector === 'weak') return ask.kind !== 'defect' || hasNewField(ask, asked);
  // Without a connecting word both sides must name a field of work of their own, or be questions of their own.
  if (ask.kind === 'defect') return false;
  const previous = asked.at(-1)!;
  if (ask.kind === 'question' && previous.kind === 'question' && !asked.some(isUmbrella)) {
    return ask.matter.size >= 2 && previous.matter.size >= 2;
  }
  return (
    hasNewField(ask, asked) &&
    asked.some((other) => other.fields.size > 0) &&
    !sharesAny(ask.matter, background)
  );
}

/** "We would like to understand the newsletter" covers the questions that unfold it. */
function isUmbrella(ask: Ask): boolean {
  return (
    ask.kind === 'request' && /(?:capire|sapere|imparare|understand|know|learn)(?![\p{L}])/iu.test(ask.text)
  );
}

function hasNewField(ask: Ask, earlier: readonly Ask[]): boolean {
  return [...ask.fields].some((field) => earlier.every((other) => !other.fields.has(field)));
}

const BACK_REFERENCE =
  /(?:^|[^\p{L}])(?:(?:l[oa] |gli |le |la |il )?stess[oaie]|quest['’aoie]\p{L}{0,2}|quell[aoie](?!\s(?:allegat|nuov|che|del|di|dell|in))(?![\p{L}])|suddett[oaie]|medesim[oaie]|lì|relativ[oaie]|in questo caso|cliccabil[ei]|same|its|their|that (?:page|form|banner|file|section|one)|this (?:page|form|banner|file|section|one)|there)(?![\p{L}])/iu;

/** "La stessa pagina", "on that page": goes on with what was asked. */
function refersBack(text: string): boolean {
  // "Potete anche ritagliarla?": the pronoun stands for what was named before.
  if (/\p{L}{3,}r(?:la|lo|li|le)(?![\p{L}])/iu.test(text) && matterOf(text).size <= 3) return true;
  // "Also make it bigger", "oppure venerdì?".
  if (
    /(?<!\b(?:is|was|would|will)\s)\b(?:it|them)(?![\p{L}'’])/iu.test(text.replace(STRONG_CONNECTOR, '')) &&
    matterOf(text).size <= 3
  )
    return true;
  if (
    /^\s{0,3}(?:oppure|o|or|afterwards|after that|once (?:done|that|it)|dopodiché|subito dopo|una volta)[\s,]/i.test(
      text,
    )
  )
    return true;
  // "Anche il menu va tradotto" extends what was asked.
  if (/^\s{0,3}anche (?:il|lo|la|i|gli|le|l['’])\s?.{1,60}\s(?:va|vanno)\s/iu.test(text)) return true;
  const opening = text
    .replace(STRONG_CONNECTOR, '')
    .replace(/^[^,]{0,30},/, '')
    .slice(0, 400);
  return (
    BACK_REFERENCE.test(opening) &&
    !/(?:quest['’]anno|questa settimana|quest[ao] (?:mese|volta|mail|mattina|sera)|this (?:year|week|month|morning|time))/i.test(
      opening,
    )
  );
}

function toAsk(text: string, kind: AskKind): Ask {
  return { text, kind, connector: undefined, matter: matterOf(text), fields: fieldsOf(text) };
}

/** Different matters: no field of work in common and (nearly) no word. */
function differ(a: Ask, b: Ask): boolean {
  const shared = [...a.matter].filter((word) => b.matter.has(word)).length;
  const smaller = Math.min(a.matter.size, b.matter.size);
  if (smaller === 0) return false;
  const onlyA = [...a.fields].some((field) => !b.fields.has(field));
  const onlyB = [...b.fields].some((field) => !a.fields.has(field));
  if (shared === 0) return !sharesAny(a.fields, b.fields) || (onlyA && onlyB);
  // Training on the calendar and a fault of the calendar share a word, but not the work.
  const apart = APART.some((field) => a.fields.has(field) !== b.fields.has(field));
  return apart
    ? shared / smaller <= 0.5
    : shared === 1 && smaller >= 4 && onlyA && onlyB && !sharesAny(a.fields, b.fields);
}

function sharesAny(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return [...a].some((value) => b.has(value));
}
