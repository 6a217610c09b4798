import { isListItem } from './sentences.js';

/** A list in a text, with what its introduction says it is. */
export interface ItemList {
  readonly firstLine: number;
  readonly lastLine: number;
  readonly items: readonly string[];
  /** The line above the list. */
  readonly intro: string;
  /** Steps of a fault, contents of a text, fields, dates: no asks whatever they look like. */
  readonly role: 'steps' | 'contents' | 'open';
  /** The introduction names the one thing that the items belong to. */
  readonly oneJob: boolean;
  /** The introduction asks, so that its items need no verb of their own. */
  readonly introAsks: boolean;
}

const STEPS =
  /(?:succede (?:sempre )?così|per (?:riprodurre|ripetere)|(?:ecco )?i passaggi|passi (?:per|da)|passo passo|quando (?:faccio|facciamo)|come (?:riprodurre|succede)|ho fatto così|faccio così|steps?(?: to)?|to reproduce|reproduc|how to (?:see|get|trigger)|what (?:i|we) (?:do|did)|in quest['’]ordine|nell['’]ordine|sequenza|ho (?:già )?provato|abbiamo (?:già )?provato|we(?: have|['’]ve)? (?:already )?tried)/iu;

const CONTENTS =
  /(?:(?:^|[^\p{L}])(?:test[oi]|paragraf[oi]|camp[oi]|voc[ei]|date|dat[oi]|file|immagini|foto|nomi|prodotti|link|indirizzi|orari|prezzi|titoli|lingue|argoment[oi]|ordine del giorno|agenda|programma|scaletta|temi|partecipant[ei]|colonne|opzioni|documenti|allegati|informazioni|dettagli|caratteristiche|requisiti|pagine|schede|sezioni|texts?|paragraphs?|fields?|dates?|files?|images?|photos?|names?|products?|links?|addresses|opening hours|prices?|titles?|languages?|topics?|programme|program|columns?|options?|documents?|attachments?|details?|pages|sections)(?![\p{L}])[^?]{0,120}[:\s]*$)/iu;

const ONE_JOB =
  /(?:(?:nella|della|alla|sulla|per la|nel|del|al|sul|per il|per l['’]|dell['’]|nell['’]|all['’]|una|un|un['’]|la|il|l['’]|nuov[oa]|su(?:ll['’])?) ?(?:nuov[oa] )?(?:pagina|scheda|modulo|evento|mostra|banner|newsletter|home(?: ?page)?|sezione|calendario|menu|menù|formazione|corso|incontro|riunione|galleria|campagna|landing|articolo|notizia|form|evento)|(?:on|in|for|to|of) (?:the|our|a|an|this) (?:new )?(?:[\p{L}-]+ ){0,3}(?:page|form|event|exhibition|banner|newsletter|home ?page|section|calendar|menu|training|course|session|gallery|campaign|article|meeting)|the (?:new )?(?:[\p{L}-]+ ){0,2}(?:page|form|banner|section) (?:needs|should|must))(?![\p{L}])/iu;

const INTRO_ASKS =
  /(?:chiediamo|chiedo|vorremmo|vorrei|potete|potreste|servirebbe|servirebbero|servono|ci serve|bisogna|occorre|abbiamo bisogno|richieste|da fare|please|could you|can you|we need|we would like|we['’]d like|to do|requests)(?![\p{L}])/iu;

/** A visitor's or tester's action, told in the first person or as a sequence. */
const STEP_ITEM =
  /^(?:(?:io |poi |quindi |then |i |we |you )?(?:apr[oi]|aprire|clicc[oa]|cliccare|click|scelg[oi]|scegliere|select|vado|vai|andare|go|seleziono|seleziona|selezionare|inserisco|compil[oa]|prem[oi]|premere|press|entr[oi]|accedo|accedi|log in|open|navigate|type|fill|choose|enter|appare|compare|si apre|esce|wait|aspetto|scroll|tap|torno|confermo|the page|la pagina resta|la rotellina|nothing happens|non succede nulla|an error|errore))(?![\p{L}])/iu;

const MARK =
  /^[ \t]{0,12}(?:[-*•–—·▪◦‣●○■□☐☑✓✔➢➤►→>]|\(?\d{1,2}[.)°\]]|\d{1,2} ?[-–](?=[ \t][a-zà-ú])|\(?[a-z][.)])[ \t]+/i;
const ORDINAL =
  /^\s{0,4}(?:prim[oa]|second[oa]|terz[oa]|quart[oa]|first(?:ly)?|second(?:ly)?|third(?:ly)?|fourth|(?:punto|item|task|point|issue|problema|attività) \d|n(?:r|um)?\. ?\d|richiesta \d|request \d|\d(?:st|nd|rd|th))\s?[:,.)–-]\s/i;

/** Finds lists of two items and more. A line that only goes on an item belongs to it; one blank line may part items. */
export function listsOf(flat: string): ItemList[] {
  const lines = flat.split('\n');
  const lists: ItemList[] = [];
  for (let i = 0; i < lines.length; i++) {
    if (!startsItem(lines[i]!)) continue;
    const found = collect(lines, i);
    if (found.items.length >= 2) lists.push(describe(lines, i, found));
    i = found.lastLine;
  }
  return lists;
}

function startsItem(line: string): boolean {
  return isListItem(line) || ORDINAL.test(line.slice(0, 40));
}

function collect(lines: readonly string[], from: number): { items: string[]; lastLine: number } {
  const items: string[] = [];
  let lastLine = from;
  for (let i = from; i < lines.length; i++) {
    const line = lines[i]!;
    if (startsItem(line)) {
      items.push(line.replace(MARK, '').replace(ORDINAL, '').trim());
      lastLine = i;
    } else if (line.trim() === '') {
      const next = lines[i + 1] ?? '';
      if (!startsItem(next)) break;
    } else if (/^\s{2,}/.test(line) || (/^\p{Ll}/u.test(line) && lines[i - 1]!.trim() !== '')) {
      items.push(`${items.pop() ?? ''} ${line.trim()}`);
      lastLine = i;
    } else break;
  }
  return { items, lastLine };
}

function describe(
  lines: readonly string[],
  from: number,
  found: { items: string[]; lastLine: number },
): ItemList {
  const intro = introOf(lines, from);
  const lastSentence = intro.split(/[.!?]\s/).at(-1) ?? intro;
  const stepItems = found.items.filter((item) => STEP_ITEM.test(item)).length;
  const steps = STEPS.test(intro) || stepItems * 2 >= found.items.length;
  const contents = CONTENTS.test(lastSentence) && !/(?:richieste|cose|requests|things)\b/i.test(lastSentence);
  const verbs = found.items.filter((item) =>
    /\?|(?:potete|vorremmo|servirebbe|please|can you|could you|need)/i.test(item),
  ).length;
  return {
    firstLine: from,
    lastLine: found.lastLine,
    items: found.items,
    intro,
    role: steps ? 'steps' : contents && verbs < 2 ? 'contents' : 'open',
    oneJob: ONE_JOB.test(lastSentence),
    introAsks: INTRO_ASKS.test(lastSentence),
  };
}

/** The filled lines right above, at most two, since an introduction may be wrapped. */
function introOf(lines: readonly string[], from: number): string {
  let at = from - 1;
  while (at >= 0 && lines[at]!.trim() === '') at--;
  const above = at > 0 && lines[at - 1]!.trim() !== '' ? `${lines[at - 1]} ` : '';
  return at < 0 ? '' : `${above}${lines[at]}`.trim().slice(-600);
}
