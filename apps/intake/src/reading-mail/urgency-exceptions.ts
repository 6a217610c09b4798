/** A word of urgency in its sentence. */
export interface WordInSentence {
  /** The sentence up to the word. */
  readonly before: string;
  readonly word: string;
  /** The sentence from behind the word. */
  readonly after: string;
  /** The sentence ends with a question mark. */
  readonly question: boolean;
  /** The beginning of the next sentence. */
  readonly next: string;
}

/** Whether a word of urgency declares nothing (R2): denied, label of the site, price question, hypothetical or past. */
export function isNoDeclaration(found: WordInSentence): boolean {
  return (
    isDenied(found) ||
    isLabel(found) ||
    isPriceQuestion(found) ||
    isHypothetical(found) ||
    isGeneral(found) ||
    isPast(found)
  );
}

/** Words that may stand between "non" and "urgente" without ending the denial. Content verbs are not among them. */
const FILLERS = [
  "è|é|e['’]|era|sia|sono|siano|fosse|essere|essendo|sembra|pare|risulta|direi|dico|considero|considererei|consideriamo|riteniamo|reputo|considerarla|considerarlo|considerate|credo|crediamo|penso|pensiamo|mi|si|segnalo|segnaliamo|definirei|chiamerei|ritengo|ritenere|trattarla|trattarlo|si tratta|tratta|trattasi",
  "c['’]è|ci sono|due|tre|punti|punto|points?|items?|estremi|dell['’]|ci|vi|ve|ne|lo|la|li|le|gli|l['’]|il|i|un|uno|una|un['’]|di|d['’]|da|a|con|in|per|del|della|dei|delle|al|alcuna|alcun|alcuno|nessuna|nessun|nessun['’]|più|ancora|affatto|assolutamente|mica|proprio|per niente|niente|nulla|per nulla|molto|troppo|così|tanto|poi|particolarmente|particolare|particolari|certo|certamente|davvero|esattamente|poco|meno|tutto|tutta|massima|estrema|grande|carattere|motivo|motivi|caso|neanche|nemmeno|neppure|come|che|cosa|cose|qualcosa|quindi|necessariamente|sicuramente",
  "ha|ho|hanno|abbiamo|abbia|riveste|presenta|richiede|richiedono|serve|servono|occorre|bisogna|bisogno|necessario|necessaria|necessità|c['’]era|fare|farlo|farla|fatto|fatta|facciate|farli|intervenire|interveniate|procedere|agire|gestire|gestirla|rispondere|avere|averlo|averla",
  'richiesta|richieste|questione|questioni|problema|problemi|lavoro|lavori|intervento|interventi|attività|modifica|modifiche|cosa|tema|correzione|aggiornamento|segnalazione|priorità',
  "is|are|isn['’]t|means|i|we|think|believe|feel|say|it|its|it['’]s|this|that|these|be|been|being|was|by|any|an|a|at|all|really|very|so|too|super|terribly|particularly|especially|exactly|quite|overly|absolutely|remotely|yet|in|any|way|of|the|need|needs|needed|to|do|done|have|has|treat|treated|consider|considered|call|classed|class|mark|marked|as|for|anything|something|nothing|need|there|there['’]s|great|particular|real|sense|more|longer|also",
  'request|requests|matter|matters|issue|issues|task|tasks|job|thing|things|one|problem|problems|work|change|changes|question|questions|level|fix',
].join('|');

const NEGATOR =
  "non|nn|no|né|ne|nè|zero|tutt['’]altro che|anything but|nessunissima|nessuno|nessuna|nessun|nessun['’]|senza|niente|nulla|mai|poco|poca|meno|scarsa|bassa|not|non-|nothing|never|without|hardly|neither|nor|none|less|far from|low|no longer|cannot|can['’]t|isn['’]t|aren['’]t|wasn['’]t|isnt|doesn['’]t|don['’]t|didn['’]t|won['’]t|wouldn['’]t|ain['’]t|needn['’]t";

const DENIED_BEFORE = new RegExp(
  `(?:^|[\\s(\\["'*_:,-])(?<negator>${NEGATOR})(?<filler>(?:[\\s'’*_(-]+(?:${FILLERS})(?=[\\s'’*_(-]|$)){0,9})[\\s'’*_(-]*$`,
  'iu',
);
const DENIED_AFTER =
  /^\s{0,3}(?:[:?=–-]\s{0,3})?(?:no|none|nessun[ao]|not|non)?(?:(?<=no)|(?<=none)|(?<=nessun[ao]))(?![\p{L}'’])|^\s{0,3}[:=–-]\s{0,3}(?:bass[ao]|normale|medi[ao]|ordinari[ao]|low|normal|medium|standard)(?![\p{L}])|^\s(?:non\s(?:è|c['’]è|ce n['’]è|lo è|ne abbiamo|ho|abbiamo|direi)|is (?:low|minimal|normal)|level\s?[:=]\s?(?:low|normal|medium|standard)|è (?:minima|relativa|bassa|scarsa|passata|finita|rientrata)|it (?:is not|isn['’]t)|is not|isn['’]t|it['’]s not|(?:davvero )?no)(?![\p{L}])/iu;

function isDenied({ before, word, after, question, next }: WordInSentence): boolean {
  // Only the clause counts: a comma or "ma" starts a new one, unless nothing but the denial stands there.
  const clause = before.slice(-160);
  const match = DENIED_BEFORE.exec(clause);
  if (match !== null && !isNotOnly(match, clause)) return true;
  if (/^(?:non|un)-$/i.test(before.slice(-4).trimStart())) return true;
  if (
    DENIED_AFTER.test(after.slice(0, 60)) &&
    !/^\s{0,3}[-–:]?\s{0,3}no\s+\p{Ll}{3}/iu.test(after.slice(0, 30))
  )
    return true;
  return (
    question &&
    after.trim() === '' &&
    /^\s{0,3}(?:no\b|non\s|not\s|nessuna\b|none\b|zero\b)/i.test(next) &&
    !/con|d['’]/i.test(word)
  );
}

/** "Non solo urgente", "non meno urgente": a denial that affirms. */
function isNotOnly(match: RegExpExecArray, clause: string): boolean {
  const filler = (match.groups?.filler ?? '').trim().toLowerCase();
  const negator = (match.groups?.negator ?? '').toLowerCase();
  if (/\b(?:solo|soltanto|solamente|only|just)$/.test(clause.trim().toLowerCase())) return true;
  const lastWord = filler.split(/\s+/).at(-1);
  const earlier = clause.slice(0, match.index).trim().toLowerCase();
  if ((negator === 'meno' || negator === 'less') && /(?:^|\s)(?:non è|non|no|not)$/.test(earlier))
    return true;
  return /^(?:non|not|no)$/.test(negator) && (lastWord === 'meno' || lastWord === 'less');
}

const PLACE =
  '(?:pagin[ae]|sezion[ei]|menu|menù|sched[ae]|rubric[ae]|pulsant[ei]|botton[ei]|tast[oi]|link|area|modul[oi]|form|numer[oi]|telefon[oi]|contatt[oi]|recapit[oi]|indirizz[oi]|casella|blocco|riquadro|finestra|elenco|lista|tabella|page|section|tab|button|form|field|phone|line|number|numbers|contacts?|mailbox|list|box|widget)';
const MARKING =
  '(?:categori[ae]|pulsant[ei]|botton[ei]|button|tag|stat[oi]|etichett[ae]|camp[oi]|caselle?|flag|filtr[oi]|voc[ei]|opzion[ei]|priorità|livello|label|status|badge|filter|category|option|checkbox|column|colonna)';
const LINKING =
  "(?:di|del|dei|della|delle|degli|dell['’]|d['’]|per|per le|per i|per gli|con le|con i|con gli|sulle|sui|the|of|for|on|with|called|named|dedicat[ao]|ai|alle|agli|a|from|to|da|in)";
const SITE_THING =
  '(?:avvis[oi]|lavori|comunicazion[ei]|comunicat[oi]|notizi[ae]|bann?er|servizi|segnalazioni|chiamate|casi|richieste|interventi|informazioni|emergenze|contatti|numeri|notices?|alerts?|repairs?|works?|calls?|announcements?|messages?|news|care)';

const LABEL_BEFORE = new RegExp(
  `(?:^|[^\\p{L}])(?:${PLACE}\\s+(?:[\\p{L}'’]{1,15}\\s+){0,1}(?:${LINKING}\\s*)(?:${SITE_THING}\\s+)?|${PLACE}\\s+${SITE_THING}\\s+|${MARKING}\\s+(?:${LINKING}\\s+)?(?:${SITE_THING}\\s+)?)$`,
  'iu',
);
const LABEL_AFTER =
  /^\s(?!(?:that|to|for|as|and|but|because|please|we|you|the|fix|update|change|correct|correction|remove|add|replace|request|problem|issue|help|work)\s)(?:[\p{L}]{2,20}\s){1,2}(?:page|pages|section|tab|menu|button|form|label|category|banner|box|widget)(?![\p{L}])|^\s(?:care|contacts?|notices?)\s(?:page|section|centre|center|number|line|unit)/iu;
/** "Menu a tendina: normale, urgente". */
const CHOICES =
  /(?:^|[^\p{L}])(?:tendina|opzioni|valori|stati|categorie|etichette|options|values|statuses|categories|dropdown)(?![\p{L}])[^.;:]{0,30}:[^.;:]{0,80}$/iu;
const PUBLISHED_THING =
  /(?:^|[^\p{L}])(?:avvis[oi]|comunicat[oi]|comunicazion[ei]|notizi[ae]|banner|notices?|alerts?|announcements?|news|messagg[io]{1,2})\s$/iu;
const PART_OF_PUBLISHED =
  /(?:^|[^\p{L}])(?:test[oi]|titol[oi]|grafica|immagin[ei]|foto|locandina|link|pdf|text|title|image|picture|wording) (?:per |di |del |dell|for |of )[^.;:]{0,40}$/iu;
const PUBLISH_VERB =
  /(?:pubblic|inseri|mett(?:ere|ete|iamo)|aggiung|caric|mostra|togli|rimuov|elimin|nascond|evidenzi|spost|publish|post\b|add\b|put\b|show|display|remove|take down|pin\b|on the (?:home|site|website))/iu;
/** `urgent` before the thing: "publish the urgent notice". */
const ENGLISH_THING_AFTER =
  /^\s(?:notices?|alerts?|announcements?|news|messages?|banner|flag|ribbon|badge|label|option|checkbox|tag|works? notice)(?![\p{L}])/iu;

/** Terms of public works, law and hospitals: "lavori di somma urgenza", "decreto d'urgenza", "Medicina d'urgenza". */
const LEGAL_TERM =
  /(?:^|[^\p{L}])(?:lavori|interventi|opere|affidament[oi]|verbal[ei]|ordinanz[ae]|decret[oi]|deliber[ae]|determin[ae]|procedur[ae]|convocazion[ei]|medicina|chirurgia|pediatria|ostetricia)\s(?:e\s\p{L}{3,20}\s)?(?:di\s)?(?:somma\s|(?:in via\s)?d['’])$|(?:^|[^\p{L}])contingibil[ei] (?:e|ed)\s$/iu;

/** The word names something of the site rather than the request. */
function isLabel({ before, word, after }: WordInSentence): boolean {
  const near = before.slice(-120);
  // "Date priorità urgente" is no label of the site.
  if (LABEL_BEFORE.test(near) && !/(?:dare|date|dia|diate|con)\s(?:la\s)?priorità\s$/iu.test(near))
    return true;
  if (CHOICES.test(near)) return true;
  if (/^urgent$/i.test(word) && LABEL_AFTER.test(after.slice(0, 80))) return true;
  if (/[/|]\s?$/.test(near) && /\p{L}\s?[/|]\s?$/u.test(near)) return true;
  const sentence = before.slice(-300) + after.slice(0, 200);
  const published =
    PUBLISHED_THING.test(near) || (/^urgent$/i.test(word) && ENGLISH_THING_AFTER.test(after.slice(0, 40)));
  if (published && (PUBLISH_VERB.test(sentence) || PART_OF_PUBLISHED.test(near))) return true;
  if (
    /(?:^|[^\p{L}])(?:la parola|il termine|scritta|dicitura|the words?|wording|(?:dal|col|con) titolo|with the title|che (?:dice|recita|riporta)|that (?:says|reads)|saying|titolata|intitolata|titled|called|chiamata|denominata)\s$/iu.test(
      near,
    )
  )
    return true;
  if (
    /(?:^|[^\p{L}])(?:cercasi\s|(?:cure|prestazioni|emergenza)[\s/-]|(?:pronto soccorso|emergenza)\s(?:e|ed|-|\/)\s)$/iu.test(
      near,
    ) ||
    /^\scare(?![\p{L}])/iu.test(after)
  )
    return true;
  if (LEGAL_TERM.test(near)) return true;
  // "Le urgenze" in the plural are those of the visitors, unless the writer has them.
  if (/^urgenze$/i.test(word))
    return (
      /(?:^|\s)per\s$/i.test(near) ||
      !/(?:abbiamo|ho|sono|ci sono|queste|due|tre)\s(?:\p{L}+\s){0,2}$/iu.test(near)
    );
  return false;
}

/** Words for what the service costs; prices on the client's pages are said otherwise. */
const SERVICE_COST =
  /(?:\bcost(?:a|ano|erà|erebbe|erebbero|s|ing)\b|\bcost\b|\btripl[oaie]\w{0,6}\b|\bmaggiorazion[ei]\b|\bsovrapprezzo\b|\baddebit|\bfatturat|\bconteggi|\bscalat|\bhow much\b|\bthree times\b|\bmultiplier\b|\bsurcharge\b|\bbilled\b|\bcharged?\b|\bexpensive\b|\bquant[oe] (?:ore )?(?:viene|verrebbe|vengono|si paga|paghiamo|pagheremmo|spend|incide)|\bprezzo orario\b|\bvale tre volte\b|\btre volte\b|\bhourly rate\b)/iu;
const PRICE_OF_URGENT =
  /(?:^|[^\p{L}])(?:cost[oi]|prezz[oi]|tariff[ae]|listino|costs?|prices?|rates?|fees?|charges?)\s(?:previst[oaie]\s|orari[oa]\s)?(?:di|del|della|dei|delle|degli|dell['’]|per|of|for)[^,;:]{0,40}$/iu;
const ASKS_PRICE =
  /(?:\bquant[oaie]\b|\bhow (?:much|many)\b|\bwhat(?:['’]s| is| are| does| would| do)\b|\bwhether\b|\b(?:sapere|capire|confermar\w{1,4}|know|confirm|check)\s(?:se|if|che|that)\b|\bè vero\b|\bis it true\b)/iu;
const NAMES_MULTIPLE = /(?:\bdi più\b|\bin più\b|\bmore\b|\btripl|\bthree times\b|\btre volte\b)/iu;
const PROCEDURE =
  /\b(?:come (?:funziona|funzionano|si (?:segnala|richiede|chiede|apre|fa)|vengono gestit|gestite|viene)|how (?:do|does|are|is) .{0,30}(?:work|handled|treated|flag|mark|report)|cosa (?:si intende|significa|intendete)|what (?:counts|qualifies|is considered)|entro quanto|quante ore|how many hours|in quanto tempo|quanto tempo|how (?:fast|quickly|long|soon))\b/iu;
/** What the contract offers. */
const OFFER_QUESTION =
  /(?:^|[^\p{L}])(?:differenza|difference|compres[oaie]|inclus[oaie]|included|è previst[oa]|offrite|avete un servizio|do you (?:offer|provide)|rientran?o? (?:tra|fra))(?![\p{L}])|^\s{0,3}(?:quando|quali|when|which)\s.{0,80}(?:considerat|trattat|considered|treated|classed)/iu;
/** Two prices are asked for, with urgency and without. */
const OFFERS_ASKED =
  /\b(?:preventiv[oi]|quotazion[ei]|quote|quotation|estimate)\b.{0,80}\b(?:sia|both|con e senza|with and without|normal[ei]?|ordinari[oa])\b/iu;
/** How a request is marked as urgent is a question about the service. */
const HOW_TO =
  /(?:^|[^\p{L}])(?:come (?:facciamo a|faccio a|possiamo|posso|dobbiamo|devo|si)|how (?:do|can|should|would) (?:we|i|you)|in che modo (?:possiamo|posso|si))\s(?:\p{L}+\s)?(?:segnal|richied|chied|apr|indic|inoltr|classific|marc|flag|mark|report|raise|submit|request|tell)/iu;
const IS = /(?:è|é|sono|e['’]|is|are|['’]s|['’]re)\s(?:\p{L}+\s){0,2}$/iu;
const PREDICATE_BEFORE =
  /(?:(?:è|é|sono|e['’]|is|are|['’]s|['’]re)\s(?:\p{L}+\s){0,2}|con\s(?:la\s)?(?:\p{L}+\s)?|d['’]|come\s|as\s|as\sa\smatter\sof\s|with\s(?:the\s)?(?:\p{L}+\s)?)$/iu;

/** What urgent work costs is a question about the contract; "è urgente, so che costa il triplo" is none. */
function isPriceQuestion({ before, word, after, question }: WordInSentence): boolean {
  // A colon parts what is told from what is asked.
  const clause = `${before.slice(-400).split(':').at(-1)}${word}${after.slice(0, 300).split(':')[0]}`;
  if (question && OFFER_QUESTION.test(clause)) return true;
  if (
    /(?:^|\s)(?:tariffa|prezzo)\s$/iu.test(before.slice(-20)) ||
    /^\s(?:rate|fee|surcharge)s?(?![\p{L}])/iu.test(after)
  )
    return true;
  if (PRICE_OF_URGENT.test(before.slice(-120)) || OFFERS_ASKED.test(clause) || HOW_TO.test(clause))
    return true;
  if (!SERVICE_COST.test(clause)) {
    return question && PROCEDURE.test(clause) && !PREDICATE_BEFORE.test(before.slice(-40));
  }
  const near = before.slice(-60);
  const adverb = /^(?:urgentemente|urgently|urgenza|urgency)$/i.test(word) && before.trim() !== '';
  if (ASKS_PRICE.test(clause)) {
    // "È urgente, anche se costa il triplo" says it; "quanto costa se è urgente" is caught as hypothetical.
    return question || !(IS.test(near) || /(?:^|[,:]\s?)$/.test(near));
  }
  if (adverb) return question && NAMES_MULTIPLE.test(clause);
  return question || !(PREDICATE_BEFORE.test(near) || before.trim() === '');
}

const CONDITION =
  /(?:^|[^\p{L}])(?:se|qualora|ove|laddove|semmai|casomai|caso mai|nell['’]eventualità|a meno che|finché|if|unless|should|in case|whenever|in the event)(?![\p{L}])[^,;:]{0,80}$/iu;
const POLITE_CONDITION =
  /(?:^|[^\p{L}])(?:se (?:è )?(?:possibile|potete|potreste|puoi|può|riuscite|riesci|poteste|riusciste|vi è possibile|per voi)|if (?:at all )?(?:possible|you can|you could|you would|you manage|you['’]re able))(?![\p{L}])/iu;
const HYPOTHETICAL =
  /(?:(?:^|[^\p{L}])per (?:qualsiasi|qualunque|ogni|eventual[ei])\s(?:\p{L}+\s)?|(?:^|[^\p{L}])(?:in|nel|nei|per|solo per|only for|for|in the) (?:cas[oi] d[i'’]|casi|caso|eventuali|ogni eventuale|case of)[^,;:]{0,40}|(?:divent[ai]\p{L}*|divenir\p{L}*|diverrà|becom(?:e|es|ing)|turns?|gets?|turn out to be)\s(?:\p{L}+\s){0,2}|(?:non so se|non sappiamo se|forse|magari|potrebbe essere|potrebbero essere|may be|might be|could be|not sure (?:if|whether|it|this|that)|wonder(?:ing)? (?:if|whether)|whether)\s[^,;:]{0,40})$/iu;
const BECAME =
  /(?:è|sono|has|have|['’]s|just|ora|now)\s(?:\p{L}+\s)?(?:diventat[aoie]|become|became|turned)\s(?:\p{L}+\s){0,2}$/iu;

/** What would or may be urgent is not said to be. */
function isHypothetical({ before, after, question, word, next }: WordInSentence): boolean {
  const near = before.slice(-160);
  if (BECAME.test(near)) return false;
  if (HYPOTHETICAL.test(near)) return true;
  // "If it is not fixed as soon as possible, we lose the sale" says it.
  const condition = POLITE_CONDITION.test(near) ? null : CONDITION.exec(near);
  if (condition !== null && !/\s(?:non|not)\s\p{L}/iu.test(condition[0])) return true;
  if (/^\s?(?:solo |only )?(?:se|if|qualora)\s/i.test(after.slice(0, 20)))
    return !POLITE_CONDITION.test(after.slice(0, 40));
  if (
    /(?:^|[^\p{L}])quando\s(?:è|c['’]è|ci sono|sono|abbiamo|avremo|avrò|ci saranno|ho|avete|si)\s[^,;:]{0,60}$/iu.test(
      near,
    )
  )
    return true;
  if (/(?:^|[^\p{L}])when\s(?:it|something|things?|a|we|there)\s[^,;:]{0,60}$/iu.test(near)) return true;
  // "È urgente?" asks the team for its opinion, unless the writer answers it.
  return (
    question &&
    !/^\s{0,3}(?:sì|si|certo|yes|it is)(?![\p{L}])/iu.test(next) &&
    after.trim() === '' &&
    /(?:^|[\s,])(?:è|sarebbe|is (?:it|this|that)|(?:la|lo) considerate|do you consider (?:it|this))\s(?:\p{L}+\s){0,2}$/iu.test(
      near,
    ) &&
    /^urgent/i.test(word)
  );
}

const PLURAL_THING =
  '(?:richieste|questioni|comunicazioni|informazioni|necessità|esigenze|problemi|interventi|lavori|attività|segnalazioni|cose|casi|motivi|chiamate|modifiche)';
const GENERAL_BEFORE = new RegExp(
  `(?:^|[^\\p{L}])(?:(?:solo |soltanto )?per (?:le |i |gli |eventuali |altre |qualsiasi |ogni |tutte le )?(?:${PLURAL_THING}\\s)?(?:più |molto |realmente )?|(?:le|gli|i|delle|degli|dei|sulle|sugli|nelle|alle|tutte le|tutti gli) ${PLURAL_THING}\\s(?:più |molto )?)$`,
  'iu',
);
const OWN = /(?:nostr[ei]|queste|questi|due|tre|alcune|these|our)\s[^,;:]{0,30}$/iu;

/** "Le richieste urgenti", "for urgent matters": urgent things in general, mostly on signs and in signatures. */
function isGeneral({ before, word, after }: WordInSentence): boolean {
  const near = before.slice(-80);
  if (OWN.test(near.slice(-40))) return false;
  if (/^urgenti$/i.test(word) && GENERAL_BEFORE.test(near)) return true;
  const english =
    /^\s(?:matters?|enquir(?:y|ies)|inquir(?:y|ies)|requests|issues|cases|calls|questions|work|works|jobs|tasks|tickets)(?![\p{L}])/iu.test(
      after.slice(0, 30),
    );
  if (
    /^urgent$/i.test(word) &&
    english &&
    /(?:^|[^\p{L}])(?:for|only for|all|any|with|handle|about|on)\s(?:any\s|all\s|more\s|other\s)?$/iu.test(
      near,
    )
  )
    return true;
  // "Se avete richieste più urgenti": those of others.
  if (
    /(?:^|[^\p{L}])(?:avete|abbiate|avrete|hai|avrai|finit[oe]|dopo|have)\s(?:\p{L}+\s){0,3}(?:più|more)\s$/iu.test(
      near,
    )
  )
    return true;
  return /(?:^|[^\p{L}])for (?:anything|something|whatever(?: is)?)\s(?:\p{L}+\s)?$/iu.test(near);
}

const PAST_BEFORE =
  /(?:(?:^|[^\p{L}])(?:era|erano|fu|furono|sembrava|was|were|had been|sarebbe stat[oa]|stat[oa])\s(?:\p{L}+\s){0,3}|(?:dopo|after)\s(?:l['’]|la |il |the |that |your )(?:\p{L}+\s){0,2}|(?:grazie|thanks|thank you)[^,;:]{0,20}\s(?:aver|avere|having|solving|fixing|resolving|handling)\s[^,;:]{0,40}|(?:grazie (?:mille |ancora )?(?:per|del|della|dell['’])|thank(?:s| you)(?: again| so much)? for)\s?(?:il |la |l['’]|lo |vostro |vostra |tuo |the |your )*(?:\p{L}+\s){0,3}|(?:yesterday|last (?:week|month|year|friday|monday|tuesday|wednesday|thursday))['’]s\s(?:\p{L}+\s)?|(?:precedente|scorsa|scorso|vecchia|vecchio|previous|earlier|old)\s(?:\p{L}+\s){0,2})$/iu;
const PAST_AFTER =
  /^[^,;:]{0,30}?\s(?:di ieri|dell['’]altro (?:ieri|giorno)|(?:della|del|di) (?:\p{L}+\s)?scors[oa]|di (?:lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica) scors[oa]|precedente|(?:of|from) (?:yesterday|last)|(?:you|we) (?:did|fixed|sent|made)|last (?:week|month)|yesterday)(?![\p{L}])|^[^,;:]{0,60}\s(?:è|sono|è già|has been|have been|is|was|were|are)\s(?:(?:già|ora|stat[oa]|now|already|all|been)\s){0,2}(?:risolt|chius|sistemat|complet|conclus|a posto|rientrat|superat|passat|resolved|solved|fixed|done|closed|sorted|over)/iu;

/** What was urgent is told, not asked. */
function isPast({ before, after, word }: WordInSentence): boolean {
  if (PAST_BEFORE.test(before.slice(-120))) return true;
  const tail = after.slice(0, 160);
  // "È urgente da ieri" and "serve un intervento urgente, da ieri ..." speak of now.
  if (PREDICATE_BEFORE.test(before.slice(-40)) && !/^(?:urgenza|urgency)$/i.test(word)) return false;
  return PAST_AFTER.test(tail);
}
