/**
 * Which words declare urgency (R2). The contract says that urgency must be said, and it costs three times; so words
 * of politeness are none, and words that mean the same as the ASAP of everyday mails are.
 *
 * | words | declared? | why |
 * |---|---|---|
 * | urgente, urgenti, urgentemente, urgentissimo | yes | the word of the contract |
 * | urgenza: con urgenza, d'urgenza, con la massima urgenza, è un'urgenza | yes | the same word as a noun |
 * | urge un intervento | yes | the verb of the same word |
 * | urgent, urgently, urgency, as a matter of urgency | yes | English for it |
 * | ASAP, a.s.a.p., as soon as possible | yes | abbreviation and full form must not differ |
 * | il prima possibile, al più presto possibile | yes | Italian for ASAP |
 * | è un'emergenza, this is an emergency, siamo in emergenza | yes | said of the matter itself |
 * | emergenza, emergency elsewhere (numeri di emergenza, emergency exit) | no | usually the thing a page is about |
 * | reply ASAP, we will send it ASAP | no | asks for an answer, or tells what the writer will do |
 * | quanto prima, al più presto, appena possibile, appena potete, a breve | no | closing formulas |
 * | subito, immediatamente, entro oggi, immediately, right away, today | no | a wish for a date is not the word urgent |
 * | priorità alta, massima priorità, top priority | no | an order among the tasks, no price is attached to it |
 * | non urgente, nessuna urgenza, poco urgente, not urgent, no rush | no | a denial |
 * | ASAP and the like beside a denial in the same sentence | no | the denial is the more exact word |
 * | «avviso urgente» to be published, pagina Lavori urgenti, numero per le urgenze | no | words of the site |
 * | quanto costa un intervento urgente? | no | a question about the price list |
 * | se fosse urgente, in caso di urgenza, se diventa urgente | no | hypothetical |
 * | la richiesta urgente di ieri è risolta, era urgente | no | told of the past |
 * | subject of a reply (Re: URGENTE: ...) | no | repeats the word of the first mail |
 */
export interface UrgencyWord {
  /** `exact` words are the contract's own; `soft` ones yield to a denial beside them. */
  readonly strength: 'exact' | 'soft';
  readonly pattern: RegExp;
}

// The boundaries are written out because \b knows no accented letters.
const START = '(?<![\\p{L}\\p{N}])';
const END = '(?![\\p{L}\\p{N}])';

function word(source: string, strength: UrgencyWord['strength'] = 'exact'): UrgencyWord {
  return { strength, pattern: new RegExp(`${START}(?:${source})${END}`, 'giu') };
}

export const URGENCY_WORDS: readonly UrgencyWord[] = [
  word('urgent(?:e|i|emente|issim[oaie]|issimamente|ly)?'),
  word('urgenz[ae]|urgency'),
  word(
    "urg(?:e|ono)(?=\\s(?:un|uno|una|il|lo|la|i|gli|le|l['’]|avere|che|intervent|sistem|corre|aggiorn|modific|pubblic|ripristin|risolv|risposta))",
  ),
  word(
    "(?:è|e['’]|abbiamo|ho|c['’]è)\\s(?:davvero\\s|proprio\\s|ormai\\s)?(?:un['’]|una\\s(?:vera\\s)?)emergenza",
  ),
  word('(?:siamo|sono)\\sin\\s(?:piena\\s)?emergenza'),
  word('(?:è|siamo\\sin|abbiamo)\\s(?:davvero\\s)?una\\s(?:vera\\s)?situazione\\sdi\\s(?:vera\\s)?emergenza'),
  word(
    "(?:this|it|that|we)(?:\\sis|['’]s|\\shave|['’]ve\\sgot)\\s(?:really\\s|now\\s)?(?:an?\\s)(?:real\\s)?emergency",
  ),
  word('asap', 'soft'),
  word('a\\.\\s?s\\.\\s?a\\.\\s?p', 'soft'),
  word('as\\ssoon\\sas\\s(?:humanly\\s|is\\s)?possible', 'soft'),
  word('(?:il\\s|quanto\\s)?prima\\spossibile', 'soft'),
  word('(?:al\\s)?più\\spresto\\spossibile', 'soft'),
];

/** Right before a soft word in its clause, these ask for an answer only or tell what the writer will do. */
export const NO_WORK_ASKED =
  /(?:^|[^\p{L}])(?:rispond\p{L}{1,8}|risposta|riscontro|(?:ri)?(?:contatt|chiam)\p{L}{1,4}(?:mi|ci)|(?:fate|far)(?:mi|ci) sapere|conferm(?:ate|a|are|armi|arci|atemi|ateci)|get(?:ting)? back to|hear(?:ing)?(?: back)? from|let (?:me|us) know|repl(?:y|ies)|answer|respond|call (?:me|us)|confirm|(?:vi |ti |lo |la |le |li )?(?:(?:faremo|farò) avere|(?:invi|mand)er(?:emo|ò)|fornir(?:emo|ò))|(?:vi|ti|le) (?:invi(?:o|amo)|mand(?:o|iamo)|gir(?:o|iamo)|(?:ri)?chiam(?:o|iamo)|fac(?:cio|ciamo) avere)|(?:i|we)(?:['’]ll| will| shall)(?: be)? (?:send|sending|get|provide|forward|share|call|write|reply)(?: \p{L}+)?)(?![\p{L}])(?:(?!\s(?:e|and|ma|but)\s)[^,;:]){0,50}$/iu;

/** Said beside a soft word, these show that no urgency is meant. */
export const NO_HURRY =
  /(?:\bno (?:rush|hurry|pressure)|\bnot in a (?:rush|hurry)|\btake your time|\bnessuna fretta|\bsenza (?:alcuna )?fretta|\bnon c['’]è fretta|\bcon (?:tutta )?calma|\bwhen(?:ever)? you (?:have|get) time|\bappena avete tempo)/i;
