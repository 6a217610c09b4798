/** Fields of work. Asks in different fields are on different matters (R8). */
const FIELDS: readonly (readonly [field: string, pattern: string])[] = [
  ['training', 'formazione|corso|addestra\\w*|training|workshop|lezion[ei]|spiegar\\w*|insegnar\\w*|teach'],
  ['consulting', 'consulenza|strategia|piano editoriale|consulting|strategy|preventivo|estimate|quote for'],
  [
    'package',
    'pacchetto|ore (?:(?:ci|vi|mi) )?(?:residue|rimast\\w*|restano|rimangono)|fattur[ae]|contratto|rendiconto|invoice|hours (?:left|remain\\w*)|contract',
  ],
  ['newsletter', 'newsletter|mailing|campagn[ae]|mailchimp'],
  ['cookie', 'cookie|privacy|gdpr|consenso|consent'],
  ['mail', 'spam|e-?mail|posta|casell[ae]|mailbox'],
  ['account', 'password|utent[ei]|account|login|accesso|credenziali|amministrator\\w*|users?|colleghe?'],
  [
    'payment',
    'pagament[oi]|carrello|checkout|payments?|cart|carta di credito|stripe|paypal|rimborsi|refunds?',
  ],
  ['shop', 'negozio|ordin[ei] online|shop|stock|magazzino|prodott[oi]|products?|catalogo'],
  ['form', 'modul[oi]|form'],
  ['banner', 'banner|slider|carosello|carousel|pop-?up'],
  ['hours', 'orari[oa]?|opening hours'],
  ['event', 'event[oi]|mostr[ae]|rassegn[ae]|calendari[oi]|events?|exhibitions?|calendar|concert[oi]'],
  ['sync', 'sincronizzazion[ei]|api|sync|integrazion[ei]|gestionale|feed'],
  ['statistics', 'statistich[ea]|analytics|report|visite al sito|traffico'],
  ['translation', 'traduzion[ei]|tradur\\w*|inglese|tedesco|translat\\w*|english|german'],
  ['seo', 'seo|google|posizionamento|search console|ricerca google'],
  ['social', 'facebook|instagram|social|linkedin|tiktok|youtube'],
  ['hosting', 'backup|dominio|certificato|hosting|server|ssl|domain|certificate|dns|plugin|wordpress|php'],
  ['export', 'export|esporta\\w*|etichett[ae]|label printer|stampa|csv|excel|pdf export'],
  ['logo', 'logo|grafica|favicon|stemma'],
  ['map', 'mappa|mappe|maps?'],
  ['booking', 'prenotazion[ei]|bookings?|bigliett[oi]|tickets?'],
  ['menu', 'menu|menù|navigazione|navigation'],
  ['photo', 'foto|fotografi[ae]|galleri[ae]|photos?|gallery|images?|immagin[ei]'],
  ['returns', 'resi|returns policy|returns page'],
  ['home', 'home(?: ?page)?'],
];

const FIELD_PATTERNS = FIELDS.map(
  ([field, pattern]) => [field, new RegExp(`(?<![\\p{L}])(?:${pattern})(?![\\p{L}])`, 'iu')] as const,
);

/** The fields of work that a text names. */
export function fieldsOf(text: string): Set<string> {
  const bounded = text.slice(0, 3000);
  return new Set(FIELD_PATTERNS.filter(([, pattern]) => pattern.test(bounded)).map(([field]) => field));
}

/** Words without matter of their own: function words, politeness, and the verbs of asking and of any web work. */
const EMPTY = new Set(
  `che chi con come cui dal dalla dalle dai dei del della delle degli dello di da in nel nella nelle nei sul sulla sulle sui una uno un
  per tra fra non più poi anche inoltre infine ancora già sia sono essere stato stata avere abbiamo hanno questo questa questi queste
  quello quella quelli quelle nostro nostra nostri nostre vostro vostra suo sua loro alla alle allo agli ai al gli lo la le il ed ma se
  vi ci ne voi noi mi ti tutto tutti tutta tutte ogni qualche alcune alcuni altro altra altri altre cosa cose quando dove perché perche
  grazie buongiorno buonasera salve gentile gentili cordiali saluti ciao piacere favore cortesemente gentilmente cortesia
  vorremmo vorrei potete potreste possibile chiediamo chiedo chiede servirebbe servirebbero serve servono bisogno necessario desideriamo
  primo prima secondo seconda terzo terza first second third motivi fare aggiornare aggiungere inserire modificare cambiare correggere sistemare mettere togliere rimuovere eliminare pubblicare caricare
  verificare controllare sostituire creare preparare avere sapere capire vedere dire dirci sito pagina pagine web internet nuovo nuova
  nuovi nuove punto oggi domani ieri prima dopo entro ora adesso richiesta richieste volta caso parte modo solo
  the and for with that this these those from your you our we are is was be been have has had can could would should please
  thanks thank hello dear need needs like want one two also another more thing things while about into when where which what why how who
  page pages site website new add update change fix remove put show make check look find out get let know still does did not but there
  they them their its it's any all some just now today tomorrow on in of to at by as an a it i me my us or if so do`
    .split(/\s+/)
    .filter((word) => word !== ''),
);

/** Stems of the words that tell what a text is about. */
export function matterOf(text: string): Set<string> {
  const words =
    text
      .slice(0, 3000)
      .toLowerCase()
      .match(/[\p{L}\p{N}]{3,}/gu) ?? [];
  return new Set(words.filter((word) => !EMPTY.has(word) && !/^\d+$/.test(word)).map(stem));
}

/** Enough for Italian and English endings: plural, gender and most verb forms fall together. */
function stem(word: string): string {
  if (word.length <= 4) return word.replace(/[aeiou]$/, '');
  return word.slice(0, Math.max(4, Math.min(6, word.length - 2)));
}

/** Openings that bring up something else. `strong` ones say so; `weak` ones may also add a detail. */
export const STRONG_CONNECTOR =
  /^[\s\-–—*•]{0,5}(?:e |ed |and |ma |but )?(?:un['’]altra (?:cosa|richiesta|questione|domanda)|altra (?:cosa|richiesta|questione|domanda)|(?:un['’])?ultima (?:cosa|richiesta|questione|domanda)|second[oa] (?:cosa|richiesta|questione|domanda|punto|tema|argomento)|in secondo luogo|secondariamente|già che ci siamo|già che ci siete|visto che ci siamo|approfitto|ne approfitto|con l['’]occasione|(?:colgo|cogliamo) (?:anche |inoltre |poi )?l['’]occasione|approfittiamo|cambiando (?:argomento|discorso)|a parte questo|oltre a (?:questo|ciò)|p\.?\s?s\.?(?=[\s:,])|one more thing|one (?:other|last|final) (?:thing|question|request)|another (?:thing|request|question|matter)|secondly|second(?:ly)?,|thirdly|third,|while (?:we are|we['’]re|you are|you['’]re) (?:at it|there|on it)|on another (?:note|matter)|on a (?:different|separate) (?:note|matter)|separately|by the way|unrelated|apart from that|last but not least)(?![\p{L}])/iu;

export const WEAK_CONNECTOR =
  /^[\s\-–—*•]{0,5}(?:inoltre|infine|poi|anche|in più|in aggiunta|ancora|per finire|per ultimo|altresì|e poi|and also|also|additionally|in addition|moreover|furthermore|finally|lastly|then|besides|plus|as well)(?![\p{L}])|(?:^|[\s,])(?:anche|inoltre|altresì|poi|pure(?=\s(?:sapere|capire|di|un|una|il|la|se)\s)|also|as well)(?![\p{L}])/iu;

/** Whether a subject or an introduction announces several things; "two questions on the newsletter" have one matter. */
export function announcesSeveral(text: string): boolean {
  const found = ANNOUNCES_SEVERAL.exec(text);
  if (found === null) return false;
  const rest = text.slice(found.index + found[0].length, found.index + found[0].length + 60);
  return !/^\s(?:su|sul|sull['’]|sulla|sulle|sui|riguardo|about|on|with|regarding|concerning)(?:\s|(?<=['’]))(?!(?:(?:il|al|the|our|nostro|vostro)\s)?(?:sit[oi]|portale|negozio|web|website|site|shop)(?![\p{L}]))/iu.test(
    rest,
  );
}

const ANNOUNCES_SEVERAL =
  /(?:(?:^|[^\p{L}])(?:alcune|varie|diverse|pi[uù]|due|tre|quattro|cinque|un paio di|una serie di|elenco(?: di)?|lista(?: di)?) (?:richieste|cose|questioni|domande|attività|segnalazioni|lavori|motivi|argomenti)|^(?:le (?:nostre )?)?richieste (?:di|per|del)|richieste varie|varie ed eventuali|segnalazioni varie|(?<!\b(?:has|have))(?:^|[^\p{L}])(?:a few|several|some|two|three|four|five|a couple of|various|a list of|multiple) (?:\p{L}+ )?(?:things|requests|questions|items|issues|jobs|tasks|points|reasons))(?![\p{L}])/iu;
