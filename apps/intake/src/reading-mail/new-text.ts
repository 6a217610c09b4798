import {
  attributionAt,
  bareLine,
  headerCopyAt,
  isForwardMarker,
  isHistoryMarker,
  isRule,
  nextFilledLine,
} from './quote-markers.js';
import { withoutSignature } from './signatures.js';
import { type SubjectKind, subjectKind } from './subject-prefix.js';

/** What the headers say about whether the mail answers something. */
export interface MailContext {
  readonly subject: string;
  /** In-Reply-To or References are there. */
  readonly inThread: boolean;
  /** Addresses the mail goes to; a copied header that names one of them as sender is what was answered. */
  readonly recipients: readonly string[];
}

/** Soft hyphens, zero-width blanks and byte-order marks, which editors leave inside words. */
const INVISIBLE = /[\u00ad\u200b\u2060\ufeff]/g;

interface Marker {
  readonly kind: 'attribution' | 'forward' | 'history';
  /** First line of the marker. */
  readonly start: number;
  /** First line of what it announces. */
  readonly end: number;
}

/**
 * The new text of a mail (R8): what its sender wrote, with what was forwarded along, without quotes of what is
 * answered and without signature.
 */
export function newTextOf(text: string, context: MailContext): string {
  const lines = text
    .replace(/\r\n?/g, '\n')
    .split('\n')
    .map((line) => line.replace(/\u00a0/g, ' ').replace(INVISIBLE, ''));
  const kind = subjectKind(context.subject);
  const marker = firstMarker(lines, kind, context);
  if (marker === undefined) return tidy(withoutQuotedLines(lines, kind, context));
  const above = lines.slice(0, marker.start);
  if (marker.kind === 'forward') {
    const own = withoutQuotedLines(above, kind, context);
    return tidy([...own, '', ...unquoted(lines.slice(marker.start))]);
  }
  const own = withoutQuotedLines(above, 'reply', context);
  const below = lines.slice(marker.end);
  // Below a quote without marks nothing new can be told apart; with marks, what has none is new.
  if (!(nextFilledLine(below, 0)?.startsWith('>') ?? false)) return tidy(own);
  return tidy([...own, '', ...withoutQuotedLines(below, 'reply', context)]);
}

function firstMarker(lines: readonly string[], kind: SubjectKind, context: MailContext): Marker | undefined {
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (line.trim() === '') continue;
    if (isForwardMarker(line) && !quotedInReply(lines, i, kind))
      return { kind: 'forward', start: i, end: i + 1 };
    if (isQuoted(line)) continue;
    const attribution = attributionAt(lines, i);
    if (attribution !== undefined) {
      const forwarded = kind === 'forward';
      return { kind: forwarded ? 'forward' : 'attribution', start: i, end: attribution };
    }
    const copied = copiedHeaders(lines, i);
    if (copied === undefined) continue;
    const above = lines.slice(0, i);
    const forwarded = isForwarded(copied.from, above, kind, context);
    return { kind: forwarded ? 'forward' : 'history', start: i, end: copied.end };
  }
  return undefined;
}

/** A forward inside the quote of a reply was forwarded by somebody else, earlier. */
function quotedInReply(lines: readonly string[], at: number, kind: SubjectKind): boolean {
  if (!isQuoted(lines[at]!)) return false;
  if (kind === 'reply') return true;
  // Apple Mail quotes what it forwards: the marker is then the first quoted line.
  return lines.slice(0, at).some((line) => isQuoted(line) && bareLine(line) !== '');
}

interface CopiedHeaders {
  readonly end: number;
  readonly from: string | undefined;
}

/** A rule or "original message" line with headers below it, or the headers alone. */
function copiedHeaders(lines: readonly string[], at: number): CopiedHeaders | undefined {
  const line = lines[at]!;
  const marker = isHistoryMarker(line);
  if (!marker && !isRule(line)) return headerCopyAt(lines, at);
  for (let i = at + 1; i < lines.length && i <= at + 3; i++) {
    const copied = headerCopyAt(lines, i);
    if (copied !== undefined) return copied;
  }
  return marker ? { end: at + 1, from: undefined } : undefined;
}

const LOOK_BELOW =
  /\b(?:vi|ti|le|gli)?\s?(?:giro|giriamo|inoltro|inoltriamo|rigiro|rigiriamo|inoltrata|trasmetto|trasmettiamo)\b|\b(?:vedi|vedere|vedete|veda|leggi|leggete|guardate|guarda)\b.{0,30}\b(?:sotto|seguito|qui|in calce|allegat)|\b(?:mail|e-?mail|messaggio|richiesta|comunicazione|segnalazione|testo)\b.{0,20}\b(?:qui sotto|sotto|in calce|sottostante|che segue|a seguire)\b|\bqui sotto\b|\bin calce\b|\bcome (?:da|richiesto)\b.{0,40}\bsotto\b|\bsee (?:the )?(?:\w+ )?below\b|\bbelow (?:is|are|you)\b|\b(?:message|mail|e-?mail|request|thread)\b.{0,20}\bbelow\b|\bforward(?:ing|ed)?\b|\bpassing (?:this|it) on\b|\bfyi\b/i;

/**
 * Outlook writes the same block above what it answers and what it forwards. The subject decides when it says
 * forward. In a reply the block is history, unless the lines above send the reader to it and it came from a third
 * party. Without prefix and thread it is history only when it was written by the one who is addressed now.
 */
function isForwarded(
  from: string | undefined,
  above: readonly string[],
  kind: SubjectKind,
  context: MailContext,
): boolean {
  if (kind === 'forward') return true;
  const wordsAbove = above
    .filter((line) => !isQuoted(line))
    .join(' ')
    .slice(-5000);
  const asksToLook = LOOK_BELOW.test(wordsAbove);
  const sender = from?.toLowerCase() ?? '';
  const byAddressee = context.recipients.some((recipient) => sender.includes(recipient));
  const knownSender = sender.includes('@');
  if (kind === 'reply' || context.inThread) return asksToLook && knownSender && !byAddressee;
  return asksToLook || (from !== undefined && !byAddressee);
}

function isQuoted(line: string): boolean {
  return /^\s{0,3}>/.test(line);
}

function unquoted(lines: readonly string[]): string[] {
  const allQuoted = lines.filter((line) => line.trim() !== '').every(isQuoted);
  return lines.map((line) => (allQuoted ? line.replace(/^\s{0,3}> ?/, '') : line));
}

/**
 * Drops quoted lines and the attributions above them; each run between quotes loses its own signature. In a mail
 * that answers nothing, `>` is a mark its writer put and stays.
 */
function withoutQuotedLines(lines: readonly string[], kind: SubjectKind, context: MailContext): string[] {
  const answers = kind === 'reply' || (kind === 'plain' && context.inThread);
  if (!answers) {
    const quotes = lines.filter(isQuoted).length;
    const own = quotes > 0 ? lines.map((line) => line.replace(/^\s{0,3}>+ ?/, '')) : lines;
    return withoutSignature(own);
  }
  const runs: string[][] = [[]];
  let attributionEnd = -1;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (i < attributionEnd) continue;
    if (isQuoted(line)) {
      if (runs.at(-1)!.length > 0) runs.push([]);
      continue;
    }
    const attribution = attributionAt(lines, i);
    if (attribution !== undefined) attributionEnd = attribution;
    else runs.at(-1)!.push(line);
  }
  return runs
    .filter((run) => run.some((line) => line.trim() !== ''))
    .flatMap((run) => [...withoutSignature(run), '']);
}

function tidy(lines: readonly string[]): string {
  const out: string[] = [];
  for (const line of lines) {
    const trimmed = line.trimEnd();
    if (trimmed === '' && (out.length === 0 || out.at(-1) === '')) continue;
    out.push(trimmed);
  }
  return out.join('\n').trim();
}
