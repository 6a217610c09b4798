/** Recognises the lines by which mail programs announce what they quote or forward (R8). All patterns are linear. */

const MAX_LINE = 1000;

/** Removes one level of quote marks, emphasis marks around labels, and outer blanks. */
export function bareLine(line: string): string {
  return line
    .slice(0, MAX_LINE)
    .replace(/^[>\s]+/, '')
    .replace(/[*_]{1,2}/g, '')
    .trim();
}

const FORWARD_MARKER =
  /^(?:-{2,}\s*)?(?:forwarded message|original forwarded message|messaggio inoltrato|messaggio reinoltrato|inizio messaggio inoltrato|inizio del messaggio inoltrato|begin forwarded message|start of forwarded message|weitergeleitete nachricht|anfang der weitergeleiteten nachricht|message transféré|message transmis|début du message (?:réexpédié|transféré)|mensaje reenviado|mensagem encaminhada|doorgestuurd bericht|inoltrato da|forwarded by)\b[^\p{L}]{0,40}.{0,200}$/iu;

const HISTORY_MARKER =
  /^-{2,}\s*(?:messaggio originale|messaggio originario|original message|original-nachricht|ursprüngliche nachricht|ursprungligt meddelande|message d'origine|message original|mensaje original|mensagem original|oorspronkelijk bericht|original appointment|appuntamento originale|reply message|messaggio di risposta|risposta|in risposta a)\b.{0,80}$/i;

/** `---------- Forwarded message ---------`, `Inizio messaggio inoltrato:` */
export function isForwardMarker(line: string): boolean {
  const bare = bareLine(line);
  if (!FORWARD_MARKER.test(bare)) return false;
  // Inside a sentence ("Il messaggio inoltrato ieri ...") it is no marker: dashes or a colon make it one.
  return /^-{2,}/.test(bare) || (bare.endsWith(':') && bare.length < 80);
}

/** `-----Messaggio originale-----` and the like, which Outlook writes above forwards as well. */
export function isHistoryMarker(line: string): boolean {
  return HISTORY_MARKER.test(bareLine(line));
}

/** A rule of underscores or dashes that stands above a block of headers. */
export function isRule(line: string): boolean {
  return /^[>\s]*(?:_{5,}|-{8,}|={8,}|─{5,}|—{5,})\s*$/.test(line.slice(0, 300));
}

const FROM_LABEL = /^(?:da|from|von|de|mittente|från|van|od|fra)\s?:\s?(.*)$/i;
const OTHER_LABEL =
  /^(?:inviato(?: il)?|data(?: invio)?|date|sent|gesendet|envoyé|enviado(?: el)?|datum|a|to|an|à|para|per|destinatari[oi]?|cc|ccn|bcc|kopie|oggetto|subject|betreff|objet|asunto|assunto|reply-to|rispondi a|importance|priorità|allegati|attachments)\s?:/i;
const SUBJECT_LABEL = /^(?:oggetto|subject|betreff|objet|asunto|assunto)\s?:/i;
const DATE_LABEL =
  /^(?:inviato(?: il)?|data(?: invio)?|date|sent|gesendet|envoyé|enviado(?: el)?|datum)\s?:/i;

/** A block of `Da: / Inviato: / A: / Oggetto:` lines copied into the text. */
export interface HeaderCopy {
  /** First line of the copied headers. */
  readonly start: number;
  /** First line after them. */
  readonly end: number;
  readonly from: string;
}

const MAX_BLOCK = 16;

/** Finds a block of copied headers that begins exactly at this line, in whatever order the program writes them. */
export function headerCopyAt(lines: readonly string[], at: number): HeaderCopy | undefined {
  const first = bareLine(lines[at] ?? '');
  if (!FROM_LABEL.test(first) && !OTHER_LABEL.test(first)) return undefined;
  let from: string | undefined;
  let labels = 0;
  let dated = false;
  let subject = false;
  let folds = 0;
  let end = at;
  for (let i = at; i < lines.length && i < at + MAX_BLOCK; i++) {
    const bare = bareLine(lines[i]!);
    const sender = FROM_LABEL.exec(bare);
    if (sender !== null) from ??= sender[1] ?? '';
    if (sender !== null || OTHER_LABEL.test(bare)) {
      labels++;
      folds = 0;
      dated ||= DATE_LABEL.test(bare);
      subject ||= SUBJECT_LABEL.test(bare);
      end = i + 1;
    } else if (bare === '') {
      // HTML turned to text may put blank lines between the labels; two end the block.
      if (labels >= 3 || bareLine(lines[i + 1] ?? '') === '') break;
    } else if (++folds > 3) break;
  }
  if (from === undefined || labels < 3 || !(dated || subject)) return undefined;
  return { start: at, end: withFolds(lines, end), from };
}

/** The last label may go on in the next lines, up to the blank line that ends the block. */
function withFolds(lines: readonly string[], end: number): number {
  for (let i = end; i < lines.length && i <= end + 2; i++) {
    if (bareLine(lines[i]!) === '') return i;
  }
  return end;
}

/** Openings of the line above a quote; the date or address that must follow is checked apart. */
const ATTRIBUTION_START =
  /^(?:il(?: giorno)?|in data|lo|on|am|le|el|em|op|den|dnia|em|a|at|alle)\s|^\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|^[^\s].{0,150}(?:<[^<>]{3,200}>|@)/i;
const ATTRIBUTION_END =
  /(?:ha scritto|hanno scritto|ha risposto|wrote|writes|a écrit|schrieb|escribió|escreveu|schreef|skrev|napisał\(?a?\)?)(?:[^\p{L}\d]{0,8}|\s(?:il|in data|on|alle|am)\s.{0,80}):?\s*$|(?:schrieb|schreef|skrev)\s.{1,100}:\s*$|<[^<>\s]{3,200}@[^<>\s]{1,200}>\s?:\s*$/iu;

/**
 * Whether an attribution ("Il giorno ... ha scritto:") begins at this line; it may be wrapped over four. Gives the
 * first line after it. Without a date or address it needs a quoted line below, because people write
 * "il sindaco ha scritto:" themselves.
 */
export function attributionAt(lines: readonly string[], at: number): number | undefined {
  const first = bareLine(lines[at] ?? '');
  if (first === '') return undefined;
  let joined = '';
  for (let i = at; i < lines.length && i < at + 4; i++) {
    const bare = bareLine(lines[i]!);
    if (bare === '') return undefined;
    joined += i === at ? bare : ` ${bare}`;
    if (joined.length > 600) return undefined;
    if (!ATTRIBUTION_END.test(joined)) continue;
    if (i > at && !mayBeWrapped(lines, at, i)) return undefined;
    const quoted = nextFilledLine(lines, i + 1)?.startsWith('>') ?? false;
    const dated = /\d{1,2}[:.]\d{2}|\d{4}|\d{1,2}[/.-]\d{1,2}/.test(joined);
    const addressed = /@[^\s@]+\.[^\s@]+/.test(joined);
    const opens = ATTRIBUTION_START.test(joined);
    if ((opens && dated && (addressed || /:\s*$/.test(joined))) || (addressed && dated)) return i + 1;
    return quoted && i === at && first.length < 200 ? i + 1 : undefined;
  }
  return undefined;
}

const WORD_OPENING =
  /^(?:il(?: giorno)?|in data|on|am|le|el|em|op|den|dnia)\s.{0,60}\d|^\d{1,4}[./-]\d{1,2}[./-]\d{1,4}/i;

/** A wrapped attribution begins with its date, and no later line of it could begin one: else the first is the writer's. */
function mayBeWrapped(lines: readonly string[], at: number, last: number): boolean {
  if (!/^(?:il|in data|on|am|le|el|em|op|den|dnia)\s|^\d/i.test(bareLine(lines[at]!))) return false;
  for (let i = at + 1; i <= last; i++) {
    if (WORD_OPENING.test(bareLine(lines[i]!)) && attributionAt(lines, i) !== undefined) return false;
  }
  return true;
}

/** The next line with anything in it, or undefined. */
export function nextFilledLine(lines: readonly string[], from: number): string | undefined {
  for (let i = from; i < lines.length && i < from + 4; i++) {
    if (lines[i]!.trim() !== '') return lines[i]!.trimStart();
  }
  return undefined;
}
