import { parseMailboxes } from './addresses.js';
import { allFields, firstField, type HeaderField } from './header-fields.js';
import { parseParameterised } from './header-parameters.js';
import { decodedBody, leavesOf, type MimePart } from './mime-tree.js';

/** What kind of machine wrote a mail that starts no request and never gets an answer (R8). */
export type AutomaticKind = 'auto-reply' | 'bounce' | 'receipt' | 'list';

/** Headers of mailing lists and newsletters (RFC 2369, RFC 2919 and what came before). */
const LIST_HEADERS = [
  'list-id',
  'list-post',
  'list-unsubscribe',
  'list-help',
  'list-archive',
  'list-subscribe',
  'list-owner',
  'mailing-list',
  'x-mailing-list',
  'x-mailman-version',
  'x-listserver',
];

const REPLY_HEADERS = [
  'x-autoreply',
  'x-autorespond',
  'x-autoresponder',
  'x-auto-reply',
  'x-autoreply-from',
  'x-mail-autoreply',
  'x-vacation',
  'autoresponder',
];

/** The prefixes machines put before the subject they answer; with the words of an absence below it needs no more. */
const OUT_OF_OFFICE_PREFIX =
  /^(?:fuori (?:ufficio|sede)|assente|risposta automatica|out of (?:the )?office|automatic reply|auto-?reply)\s{0,3}:/i;

/** A person can write these subjects too, so they count only together with another sign. */
const OUT_OF_OFFICE =
  /^(?:\[?(?:auto|automatic|automatica)\]?\s{0,3}(?:re|r|reply|risposta)?\s{0,3}:|fuori (?:ufficio|sede)|assente(?: dall'ufficio|\s{0,3}:)|assenza|risposta automatica|messaggio automatico|risponditore|autorisposta|out of (?:the )?office|ooo\b|automatic reply|auto-?reply|autoresponse|away from|on (?:vacation|holiday|leave)|abwesenheit|automatische antwort|réponse automatique|absence du bureau|respuesta automática|resposta automática)/i;

const OUT_OF_OFFICE_TEXT =
  /\b(?:sono (?:assente|fuori (?:ufficio|sede)|in (?:ferie|congedo|malattia))|sarò (?:assente|fuori|in ferie)|non sono in ufficio|out of (?:the )?office|i(?: am|['’]m) (?:away|on (?:leave|holiday|vacation))|on annual leave|currently away|risposta automatica|automatic(?:ally generated)? (?:reply|response))\b/i;

const BOUNCE_SUBJECT =
  /^(?:undeliver(?:able|ed)|delivery (?:status notification|failure|has failed)|mail delivery (?:failed|failure|system)|returned mail|failure notice|mancat[ao] (?:consegna|recapito)|messaggio non (?:recapitat|recapitabile|consegnat)|non recapitabile|impossibile recapitare|notifica (?:di )?(?:mancata consegna|sullo stato)|undelivered mail|warning: could not send)/i;

const RECEIPT_SUBJECT =
  /^(?:letto|read|accettazione|avvenuta consegna|consegna|return receipt|ricevuta di ritorno|conferma di lettura)\b/i;

/**
 * Recognises machines (R8). Undefined for mail of people. A bounce goes before all else because it often calls
 * itself an automatic reply as well.
 */
export function automaticKind(root: MimePart, subject: string, text: string): AutomaticKind | undefined {
  const { fields } = root;
  const report = reportKind(root);
  if (report !== undefined) return report;
  if (isCertifiedReceipt(fields)) return 'receipt';
  const nullReturnPath = /^<\s*>$/.test(firstField(fields, 'return-path') ?? '');
  const fromSystem = comesFromMailSystem(fields);
  if (hasHeader(fields, 'x-failed-recipients')) return 'bounce';
  if ((nullReturnPath || fromSystem) && BOUNCE_SUBJECT.test(subject)) return 'bounce';
  if (nullReturnPath && fromSystem) return 'bounce';
  if (saysAutoSubmitted(fields) || REPLY_HEADERS.some((name) => affirms(fields, name))) return 'auto-reply';
  const precedence = (firstField(fields, 'precedence') ?? firstField(fields, 'x-precedence') ?? '')
    .trim()
    .toLowerCase();
  if (/^auto[_-]?reply$/.test(precedence)) return 'auto-reply';
  if (OUT_OF_OFFICE.test(subject) && hasOtherSign(fields, nullReturnPath, precedence, text))
    return 'auto-reply';
  if (OUT_OF_OFFICE_PREFIX.test(subject) && OUT_OF_OFFICE_TEXT.test(text.slice(0, 5000))) return 'auto-reply';
  if (nullReturnPath && RECEIPT_SUBJECT.test(subject)) return 'receipt';
  if (text === '' && leavesOf(root).some(isWordlessAnswer)) return 'receipt';
  if (/^(?:bulk|junk|list)$/.test(precedence)) return 'list';
  return LIST_HEADERS.some((name) => hasHeader(fields, name)) ? 'list' : undefined;
}

/** multipart/report, or its parts in a wrapper that forgot to say so. */
function reportKind(root: MimePart): AutomaticKind | undefined {
  const declared = root.contentType.parameters.get('report-type')?.toLowerCase();
  const types = new Set([root.type, ...root.children.map((child) => child.type)]);
  const isReport = root.type === 'multipart/report';
  if (
    (isReport && declared === 'disposition-notification') ||
    types.has('message/disposition-notification')
  ) {
    return 'receipt';
  }
  const delivery = types.has('message/delivery-status') || types.has('message/global-delivery-status');
  return isReport || delivery ? 'bounce' : undefined;
}

/** What a calendar or Exchange answers by itself when somebody presses a button: accepted, declined, read. */
function isWordlessAnswer(part: MimePart): boolean {
  if (part.type === 'text/calendar')
    return part.contentType.parameters.get('method')?.toLowerCase() === 'reply';
  if (part.type !== 'application/ms-tnef') return false;
  const head = Buffer.from(decodedBody(part).subarray(0, 4096)).toString('latin1');
  return /IPM\.Microsoft Mail\.Read Receipt|REPORT\.IPM\./i.test(head);
}

/** Receipts of Italian certified mail: accepted, delivered, anomaly. */
function isCertifiedReceipt(fields: readonly HeaderField[]): boolean {
  return (
    hasHeader(fields, 'x-ricevuta') && !/posta-certificata/i.test(firstField(fields, 'x-trasporto') ?? '')
  );
}

function comesFromMailSystem(fields: readonly HeaderField[]): boolean {
  return allFields(fields, 'from')
    .flatMap(parseMailboxes)
    .some(({ email }) => /^(?:mailer-daemon|mail-daemon|postmaster)@/.test(email));
}

/** RFC 3834: any value but `no`; parameters and comments do not matter. */
function saysAutoSubmitted(fields: readonly HeaderField[]): boolean {
  const values = allFields(fields, 'auto-submitted').map((value) => parseParameterised(value).value);
  return values.some((value) => value !== '' && value !== 'no');
}

function affirms(fields: readonly HeaderField[], name: string): boolean {
  return allFields(fields, name).some((value) => !/^(?:no|false|0|none)$/i.test(value.trim()));
}

function hasHeader(fields: readonly HeaderField[], name: string): boolean {
  return fields.some((field) => field.name === name && field.value !== '');
}

function hasOtherSign(
  fields: readonly HeaderField[],
  nullReturnPath: boolean,
  precedence: string,
  text: string,
): boolean {
  return (
    nullReturnPath ||
    /^(?:bulk|junk)$/.test(precedence) ||
    hasHeader(fields, 'x-auto-response-suppress') ||
    hasHeader(fields, 'x-autogenerated') ||
    hasHeader(fields, 'x-ms-exchange-inbox-rules-loop') ||
    /\b(?:vacation|auto-?respon|autoreply)/i.test(firstField(fields, 'x-mailer') ?? '') ||
    (hasHeader(fields, 'in-reply-to') && OUT_OF_OFFICE_TEXT.test(text.slice(0, 5000)))
  );
}
