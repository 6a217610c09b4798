import { bareLine } from './quote-markers.js';

const MOBILE_FOOTER =
  /^(?:-{0,3}\s*)?(?:inviato (?:da|dal|con|tramite) .{0,20}(?:iphone|ipad|ios|android|smartphone|samsung|galaxy|huawei|xiaomi|cellulare|telefono|dispositivo|tablet|outlook|mail|posta|yahoo|libero|tim\b|proton|blackberry|windows phone).{0,60}|sent (?:from|with|via) .{0,20}(?:iphone|ipad|ios|android|smartphone|samsung|galaxy|huawei|xiaomi|mobile|phone|device|tablet|outlook|mail|yahoo|proton|blackberry).{0,60}|(?:ottieni|scarica) outlook per .{1,40}|get outlook for .{1,40}|von meinem .{1,40} gesendet|envoyé de mon .{1,40}|enviado desde mi .{1,40}|(?:libero|mail|posta) (?:mobile|app)|(?:questa e-?mail|this email) (?:è stata controllata|has been checked).{0,120}|(?:(?:(?:e-?)?mail|messaggio) )?(?:priv[oa] di virus|virus-free)\b.{0,80})[.!]?$/i;

/** Begins of the paragraphs that lawyers put below mails. Each speaks of the message itself, so no page text is taken for one. */
const DISCLAIMER =
  /^(?:\W{0,4})(?:(?:avviso|nota|clausola|informativa)(?: legale)?(?: d[i']| sulla)?\s?(?:riservatezza|confidenzialità)|informativa (?:sulla )?privacy\b.{0,300}(?:messaggio|e-?mail|comunicazione|destinatar)|confidential\W{1,4}(?:this|the)\b|confidentiality (?:notice|note)|legal (?:notice|disclaimer)|disclaimer\b|(?:questo|il presente) (?:messaggio|documento)\b.{0,200}(?:confidenzial|riservat|destinatari|esclusiv|privilegiat)|(?:questa|la presente) (?:e-?mail|comunicazione|mail|posta elettronica)\b.{0,200}(?:confidenzial|riservat|destinatari|esclusiv|privilegiat)|le informazioni (?:contenute|trasmesse|riportate)\b.{0,120}(?:messaggio|e-?mail|comunicazione|trasmissione)|(?:ai sensi|in ottemperanza|in conformità|a norma|secondo quanto)\b.{0,160}(?:196\/2003|196\/03|2016\/679|gdpr|privacy|protezione dei dati).{0,200}(?:messaggio|e-?mail|comunicazione|destinatar|mittente)|(?:d\. ?lgs\.?|decreto legislativo|regolamento \(?ue\)?|gdpr)\b.{0,200}(?:messaggio|e-?mail|comunicazione|destinatar|mittente)|this (?:e-?mail|message|communication)\b.{0,200}(?:confidential|privileged|intended|sole use|recipient)|the (?:information|contents?) (?:contained )?(?:in|of) this (?:e-?mail|message|communication)|if you (?:are not|have received) .{0,60}(?:intended recipient|in error)|se (?:non siete|avete ricevuto|ha ricevuto|hai ricevuto) .{0,80}(?:destinatari|per errore|errore)|please consider the environment|(?:prima di stampare|non stampare|stampa solo se|rispetta l'ambiente|pensa all'ambiente)\b)/i;

const CONTACT_LINE =
  /(?:^|[\s|,;(–-])(?:tel(?:efono)?|cell(?:ulare)?|mob(?:ile)?|fax|phone|ph|direct|centralino|ufficio tel|whatsapp|e-?mail|pec|mail|web|www|sito|skype|p\. ?iva|partita iva|c\. ?f|cod(?:ice)?\.? fiscale|vat(?: no)?|t|m|f)\s?[.:]{1,2}\s?|\+\d{2}[\s\d./-]{6,}|(?:^|\s)0\d{1,4}[\s./-]?\d{4,}|^(?:https?:\/\/|www\.)\S+$|^[^\s@]+@[^\s@]+\.[a-z]{2,}$|^(?:via|viale|piazza|corso|largo|vicolo|p\.zza|c\.so|strada)\s[^?!]{2,60}\d|\b\d{5}\s\p{Lu}\p{L}+|^per (?:comunicazioni|informazioni|urgenze|emergenze)\b.{0,30}[:\d]/iu;

const CLOSING =
  /^(?:(?:un )?cordial(?:i saluti|mente|ità|e saluto)?|distinti saluti|(?:tanti |molti |cari |un caro )?salut[oi]|(?:i )?migliori saluti|grazie(?: mille| e .{1,40}| in anticipo| ancora| per .{1,60})?|vi ringrazi(?:o|amo)\b.{0,60}|ringrazi(?:o|amo)\b.{0,60}|buon(?:a giornata| lavoro|a serata|e cose)|a presto|in attesa di .{1,60}|resto in attesa.{0,60}|(?:kind|best|warm)(?:est)?(?: regards| wishes)?|regards|thanks(?: .{0,40})?|thank you(?: .{0,40})?|many thanks|cheers(?: .{0,40})?|(?:yours )?sincerely|yours (?:faithfully|truly)|all the best)\s{0,3}[,.!]{0,3}$/i;

const POSTSCRIPT = /^\s{0,3}(?:p\.?\s?s\b|n\.?\s?b\b|nota bene\b|post ?scriptum\b)[.:)\s-]/i;

const ABOUT_CONTACTS =
  /(?:^|[^\p{L}])(?:recapit[oi]|contatt[oi]|telefon[oi]|numer[oi]|indirizz[oi]|e-?mail|pec|sed[ei]|contact (?:details|data|page)|contacts|phone|numbers?|address(?:es)?)(?![\p{L}])/iu;

const MAX_BARE_SIGNATURE_LINES = 15;
const MAX_CONTACT_BLOCK_LINES = 12;

/** Cuts the signature, mobile footer and disclaimer from a run of lines that one person wrote (R8). */
export function withoutSignature(lines: readonly string[]): string[] {
  const cut = lines.slice(0, delimiterIndex(lines)).filter((line) => !MOBILE_FOOTER.test(bareLine(line)));
  return withoutContactBlock(cut.slice(0, disclaimerIndex(cut)));
}

/** The line `-- ` cuts always; without its blank it is common too, but then only a short rest is a signature. */
function delimiterIndex(lines: readonly string[]): number {
  const strict = lines.findIndex((line) => /^--[ \u00a0]\s*$/.test(line));
  if (strict >= 0) return strict;
  const isBare = (line: string) => /^\s{0,3}(?:--|—|–)\s*$/.test(line);
  const bare = lines.findIndex(isBare);
  if (bare < 0) return lines.length;
  // Below a colon, or more than once, it parts a text from the words to the team.
  const above = lines.slice(0, bare).findLast((line) => line.trim() !== '') ?? '';
  if (/:\s*$/.test(above)) return lines.length;
  const rest = lines.slice(bare + 1).filter((line) => line.trim() !== '');
  const asks = rest.some((line) => line.includes('?') || line.length > 160);
  const disclaims = rest.some((line) => DISCLAIMER.test(line.slice(0, 600).trim()));
  if (disclaims) return bare;
  if (rest.some(isBare) && !rest.some(isContact)) return lines.length;
  return rest.length <= MAX_BARE_SIGNATURE_LINES && !asks ? bare : lines.length;
}

function disclaimerIndex(lines: readonly string[]): number {
  let filled = false;
  for (const [index, line] of lines.entries()) {
    // Disclaimers are wrapped like all text; the words that give them away may stand on the next lines.
    const opening = lines
      .slice(index, index + 4)
      .join(' ')
      .slice(0, 600)
      .trim();
    if (filled && line.trim() !== '' && DISCLAIMER.test(opening)) return index;
    filled ||= line.trim() !== '';
  }
  return lines.length;
}

/**
 * Cuts name, address and telephone lines at the end. A closing and a plain name stay; without a closing above,
 * two contact lines are needed, since one may be the very thing the mail is about.
 */
function withoutContactBlock(lines: readonly string[]): string[] {
  let end = lines.length;
  while (end > 0 && lines[end - 1]!.trim() === '') end--;
  const closing = closingIndex(lines, end);
  if (closing >= 0) {
    const block = lines.slice(closing + 1, end);
    const firstContact = block.findIndex((line) => isContact(line));
    if (firstContact < 0) return lines.slice(0, end);
    const name = block.findIndex((line) => line.trim() !== '');
    if (block.slice(0, firstContact).some((line) => /:\s*$/.test(line))) return lines.slice(0, end);
    if (name === firstContact && handsOver(lines.slice(0, closing))) return lines.slice(0, end);
    const kept = lines.slice(0, closing + 1 + (name === firstContact ? name : name + 1));
    const resumes = block.findIndex((line, at) => at > firstContact && resumesText(block, line, at));
    return resumes < 0 ? kept : [...kept, '', ...block.slice(resumes)];
  }
  const start = lastParagraph(lines, end);
  const block = lines.slice(start, end);
  const contacts = block.filter(isContact).length;
  const short = block.every((line) => line.trim().length < 90 && !/[?;:]\s*$/.test(line));
  const previous = lines.slice(0, start).findLast((line) => line.trim() !== '');
  // After a colon the block is what the mail hands over: the new address, the new numbers.
  if (previous === undefined || /:\s*$/.test(previous) || !short) return lines.slice(0, end);
  if (contacts < 2 || block.length > MAX_CONTACT_BLOCK_LINES) return lines.slice(0, end);
  if (isContact(block[0]!) && handsOver(lines.slice(0, start))) return lines.slice(0, end);
  return lines.slice(0, isContact(block[0]!) ? start : start + 1);
}

function isContact(line: string): boolean {
  return line.length < 200 && CONTACT_LINE.test(line.trim()) && !isSentence(line);
}

/** "Tel. 000 000009 è il numero della nuova sede." tells something; a line of a signature does not. */
function isSentence(line: string): boolean {
  return /[.!?]\s*$/.test(line) && (line.match(/(?<!\S)\p{Ll}{2,}(?!\S)/gu)?.length ?? 0) >= 4;
}

/** A postscript, or a paragraph of sentences below the signature. */
function resumesText(block: readonly string[], line: string, at: number): boolean {
  return POSTSCRIPT.test(line) || (block[at - 1]!.trim() === '' && isSentence(line));
}

/** A contact block without a name, in a mail about addresses or numbers, may be what the mail hands over. */
function handsOver(above: readonly string[]): boolean {
  return above.some((line) => ABOUT_CONTACTS.test(line.slice(0, 1000)));
}

function closingIndex(lines: readonly string[], end: number): number {
  let seen = 0;
  for (let i = end - 1; i >= 0 && seen <= MAX_CONTACT_BLOCK_LINES; i--) {
    const bare = lines[i]!.trim();
    if (bare === '') continue;
    seen++;
    if (bare.length > 120 || bare.endsWith('?')) return -1;
    if (CLOSING.test(bare)) return i;
  }
  return -1;
}

function lastParagraph(lines: readonly string[], end: number): number {
  let start = end;
  while (start > 0 && lines[start - 1]!.trim() !== '') start--;
  return start;
}
