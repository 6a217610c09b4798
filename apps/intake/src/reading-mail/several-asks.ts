/** Whether a sentence or list item asks for something, and in which way. */
export type AskKind = 'request' | 'question' | 'defect';

const REQUEST =
  /(?:^|[^\p{L}])(?:(?:si|vi si) (?:chiede|richiede|prega|domanda)|vi (?:chied(?:iamo|o|ereì?|eremmo)|preghiamo|prego|domandiamo)|chiediamo|chiedo|chiederei|chiederemmo|vorremmo|vorrei|(?:avremmo|abbiamo|ho|avrei) (?:bisogno|necessità)|(?:ci|mi) (?:serv(?:e|ono|irebbe|irebbero|irà)|occorr(?:e|ono|erebbe))|serv(?:irebbe|irebbero|ono|e)|occorr(?:e|ono|erebbe)|potete|potreste|potresti|puoi|può|riuscite|riuscireste|desider(?:iamo|o|eremmo)|bisogn(?:a|erebbe)|è (?:possibile|necessario)|sarebbe (?:possibile|utile|bello|opportuno)|(?:va|vanno|andrebbero?) (?:\p{L}{3,7} )?(?:aggiornat|corrett|tolt|mess|cambiat|sostituit|rimoss|inserit|aggiunt|pubblicat|sistemat|eliminat|spostat|tradott)[aoie]|fateci|mandateci|inviateci|per (?:favore|cortesia|piacere)|cortesemente|gentilmente|please|can you|could you|would you|will you|we (?:need|would like|['’]d like|want|also need|also want)|we['’]d (?:like|also like|love)|i (?:need|would like|want|also need)|i['’]d (?:like|also like)|needs? (?:an?|to|the|new|some)|kindly|is it possible|would it be possible|(?:are|is) in need of)(?![\p{L}])/iu;

const IMPERATIVE =
  /^[\s\-–—*•·\d.)(]{0,8}(?:(?:di|a|da)\s)?(?:aggiorn|aggiung|corregg|sistem|modific|cambi|sostitu|rimuov|tog(?:li|lie)|elimin|pubblic|caric|inser|mett|verific|controll|cre|prepar|organizz|attiv|disattiv|configur|install|collegat|ripristin|tradu|spost|invi|mand|rend|risol|ripar|nascond|togli|scriv|predispon|valut|analizz|impost|abilit)(?:\p{L}{0,4}(?:are|ere|ire|arci|arlo|arla|ate|ete|ite|ateci|atemi|rre|rci|rlo))(?![\p{L}])|^[\s\-–—*•·\d.)(]{0,8}(?:update|add|correct|fix|change|replace|remove|delete|publish|upload|insert|put|check|create|prepare|organi[sz]e|set up|enable|disable|install|restore|translate|move|send|make|write|repair|swap|train|arrange|review|redesign|import|export|configure)(?![\p{L}])/iu;

const DEFECT =
  /(?:non (?:\p{L}+ più|funziona|funzionano|va(?![\p{L}])|si (?:apre|aprono|vede|vedono|carica|caricano|riesce)|è (?:visibile|corrett[oa]|aggiornat[oa])|arriva(?:no)?|compare|compaiono)|(?:è|sono) (?:rott[aoie]|sbagliat[aoie]|bloccat[aoie]|vecchi[oae]?|lent[aoie])|manca(?:no)?|finisc(?:e|ono) nello spam|still shows?|goes to spam|(?:is|are) no longer \p{L}+|no longer (?:loads?|works?|shows?|opens?)|(?:does|do)(?:n['’]t| not) (?:work|open|load|appear|show|arrive|send)|is (?:broken|wrong|missing|down|outdated)|are (?:broken|wrong|missing)|leaves? out|returns? no(?:thing)?|fails?|(?:is|are) not (?:working|visible|showing)|shows? the old)(?![\p{L}])/iu;

/** Questions about the asked thing itself: its cause, its time, its cost, an opinion. They are no ask of their own. */
const BACKGROUND =
  /(?:da (?:che )?(?:cosa|che) (?:dipend|può dipend)|perch[eé] succede|come mai|cosa (?:ne pensate|succede|può essere|potrebbe|dobbiamo|serve|vi serve)|che ne (?:dite|pensate)|qual è il problema|è (?:possibile|fattibile|un problema)\s*$|è (?:normale|corretto|giusto)|a che ora|(?<=^.{0,5})va bene|possiamo farl[oa]|dobbiamo (?:portare|preparare|fare|mandar|inviar)|(?:quanto|quante) (?:dura|tempo|ore|costa|ci vuole|ci vogliono|pensate)|entro quando|per quando|quando (?:potete|pensate|riuscite|potreste|sarà|sarebbe)|in che tempi|siete (?:disponibil|liber)|are you (?:available|free)|vi (?:serve|servono|occorre|occorrono|risulta|torna|va bene)|avete bisogno|serve altro|avete (?:già|idea|tempo|modo)|potete (?:aiutarci|capire|vedere|occuparvene|pensarci|farmi sapere|farci sapere|confermar|dirci (?:se|quando|quanto|cosa|da)|dirmi (?:se|quando|quanto|cosa))|potreste (?:aiutarci|capire|vedere|farci sapere|confermar|dirci)|riuscite (?:a farlo|entro|per|a vedere|a capire)|si può fare|è fattibile|fateci sapere|fatemi sapere|mi fate sapere|ci fate sapere|why (?:is|does|this|that)|what (?:is|could be) (?:the cause|causing|wrong)|how (?:long|much|many hours|soon)|when (?:can|could|will|would) (?:you|it|this)|do you (?:need|know|think|have)|is (?:that|this|it) (?:possible|ok|okay|feasible|right|normal|doable)|can you (?:help|see why|tell (?:me|us)|let (?:me|us)|look into (?:it|this)|confirm|do (?:it|this|that)|take care)|could you (?:help|look into (?:it|this)|tell|let|confirm|do (?:it|this|that)|take care)|what do you think|let (?:me|us) know|any idea|does that (?:work|make sense)|would that)/iu;

/** "La pubblicazione del bando;" as one of the things that are asked. */
const NOMINAL =
  /^\s{0,5}(?:la |l['’]|il |lo |una |un )?(?:pubblicazione|creazione|traduzione|sostituzione|rimozione|correzione|aggiornamento|inserimento|attivazione|installazione|modifica|verifica|realizzazione|eliminazione) (?:di |del |della |delle |dei |degli |dell['’])(?!.{0,200}\s(?:è|sono|sarà|saranno|deve|dovrà|era|ha)\s).{3,90}$/iu;

/** Sentences around the ask: greetings, thanks, what happens next. */
const COURTESY =
  /^\s{0,5}(?:buon(?:giorno|asera| pomeriggio)|salve|ciao|gentil\p{L}{1,3}|grazie|vi ringrazi|ringrazi|cordial|distinti|saluti|un saluto|a presto|in attesa|resto|restiamo|rimaniamo|per (?:qualsiasi|ogni) (?:chiarimento|dubbio|informazione)|se avete (?:bisogno|domande)|hello|hi\b|dear|thanks|thank you|kind|best|regards|cheers|looking forward|if you (?:have|need) any|please (?:let (?:me|us) know|do not hesitate|don['’]t hesitate|find attached|confirm))/iu;

/** Whether a clause begins with what is to be done: "renew the certificate". */
export function isInstruction(clause: string): boolean {
  const bare = clause
    .slice(0, 300)
    .replace(
      /^\s{0,3}(?:please |could you |can you |would you |potete |potreste |vi chied\p{L}{1,6} di |and |e ){1,4}/iu,
      '',
    );
  return (
    IMPERATIVE.test(bare) || /^(?:renew|book|reset|arrange|rinnov\p{L}{2,4}|prenot\p{L}{2,4})\s/iu.test(bare)
  );
}

/** What a sentence asks, or undefined for telling, courtesy and background questions. */
export function askKind(sentence: string, question: boolean): AskKind | undefined {
  const bounded = sentence.slice(0, 1200);
  if (COURTESY.test(bounded) && !REQUEST.test(bounded.replace(/^[^,.!]{0,40}[,!]\s?/, ''))) return undefined;
  if (question && BACKGROUND.test(bounded) && !hasOwnObject(bounded)) return undefined;
  if (REQUEST.test(bounded) || IMPERATIVE.test(bounded) || NOMINAL.test(bounded))
    return isReportOnly(bounded) ? undefined : 'request';
  if (question) return BACKGROUND.test(bounded) && !hasOwnObject(bounded) ? undefined : 'question';
  return DEFECT.test(bounded) ? 'defect' : undefined;
}

/** "Potete capire perché le conferme finiscono nello spam?" names its own matter; "potete capire da cosa dipende?" does not. */
function hasOwnObject(sentence: string): boolean {
  if (/(?:aiutar(?:ci|mi) (?:con|nella|nel|a)|help (?:us|me) (?:with|to))\s\S+\s\S+/iu.test(sentence))
    return true;
  return (
    /(?:perch[eé]|come mai|why|se|whether|if)\s.{0,40}(?:il|lo|la|i|gli|le|l['’]|the|our|nostr[aoie])\s?\p{L}{4}/iu.test(
      sentence,
    ) && sentence.trim().split(/\s+/).length >= 7
  );
}

/** Fateci sapere, let us know: asks for an answer, not for work. */
function isReportOnly(sentence: string): boolean {
  return (
    /(?:fatemi|fateci|farci|farmi|let (?:me|us)) (?:sapere|avere (?:un|conferma|riscontro)|know)|(?:chiam|scriv|contatt)(?:ateci|atemi)|per (?:favore )?confermate/iu.test(
      sentence,
    ) &&
    !DEFECT.test(sentence) &&
    sentence.trim().split(/\s+/).length < 14
  );
}
