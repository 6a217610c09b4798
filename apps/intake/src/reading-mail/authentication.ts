import { type AuthenticationResults, parseAuthenticationResults } from './authentication-results.js';
import type { HeaderField } from './header-fields.js';

/** `failed` only on proof; a missing or unknown result is not a failure (R8). */
export type Authentication = 'failed' | 'not-failed';

/** Fields a receiving server puts beside its result; the first other field belongs to what the sender wrote. */
const TRACE =
  /^(?:authentication-results|received-spf|return-path|delivered-to|envelope-to|arc-.*|x-.*|dkim-filter)$/;

/**
 * Whether the receiving server found that the sender is not who it claims (R8): `dmarc=fail` in an
 * Authentication-Results header with the trusted authserv-id, and only in one the server itself can have put.
 * Everything a sender sends stands below the receiving server's own Received line and trace fields, so forged
 * copies there prove nothing. Of several genuine headers the first that names DMARC decides.
 */
export function authenticationOf(
  fields: readonly HeaderField[],
  trustedAuthservId: string | undefined,
): Authentication {
  const trusted = trustedAuthservId?.trim().toLowerCase() ?? '';
  if (trusted === '') return 'not-failed';
  for (const results of genuineResults(fields, trusted)) {
    const dmarc = results.results.filter(({ method }) => method === 'dmarc');
    if (dmarc.some(({ result }) => result === 'fail')) return 'failed';
    if (dmarc.length > 0) return 'not-failed';
  }
  return 'not-failed';
}

function genuineResults(fields: readonly HeaderField[], trusted: string): AuthenticationResults[] {
  const border = receivedBorder(fields, trusted);
  const zone = fields.slice(0, border === undefined ? 0 : endOfTrace(fields, border + 1));
  const inZone = resultsOf(zone, trusted);
  if (inZone.length > 0) return inZone;
  // The server put its field in an unusual place, or its Received line carries another name: then the
  // topmost field with its id, and what stands right with it, as long as no foreign hop stands above it.
  const hopBelow = border === undefined ? -1 : nextReceived(fields, border + 1);
  const reachable = hopBelow < 0 ? fields : fields.slice(0, hopBelow);
  const top = reachable.findIndex((field) => resultsOf([field], trusted).length > 0);
  return top < 0 ? [] : resultsOf(fields.slice(top, endOfTrace(fields, top)), trusted);
}

function resultsOf(fields: readonly HeaderField[], trusted: string): AuthenticationResults[] {
  return fields
    .filter((field) => field.name === 'authentication-results')
    .map((field) => parseAuthenticationResults(field.value))
    .filter((results) => results !== undefined)
    .filter((results) => results.authservId === trusted);
}

function nextReceived(fields: readonly HeaderField[], from: number): number {
  return fields.findIndex((field, index) => index >= from && field.name === 'received');
}

function endOfTrace(fields: readonly HeaderField[], from: number): number {
  let at = from;
  while (at < fields.length && TRACE.test(fields[at]!.name)) at++;
  return at;
}

/**
 * Index of the Received line by which the mail entered the trusted server from outside. Hops of the server to
 * itself (content filters hand the mail back) lie above it and are skipped.
 */
function receivedBorder(fields: readonly HeaderField[], trusted: string): number | undefined {
  let own: number | undefined;
  for (const [index, field] of fields.entries()) {
    if (field.name !== 'received') continue;
    const by = hostAfter(field.value, 'by');
    const local = isLocal(by);
    if (own !== undefined && !local && !isOwn(by, trusted)) return own;
    if (!local && !isOwn(by, trusted)) continue;
    own = index;
    const from = hostAfter(field.value, 'from');
    const loops = isLocal(from) || isOwn(from, trusted) || /\[(?:127\.|::1|ipv6:::1)/i.test(field.value);
    if (!local && !loops && from !== undefined) return index;
  }
  return own;
}

function hostAfter(received: string, word: 'by' | 'from'): string | undefined {
  const match = new RegExp(`(?:^|\\s)${word}\\s{1,20}([^\\s;()]{1,255})`, 'i').exec(received.slice(0, 2000));
  return match?.[1]?.toLowerCase();
}

function isLocal(host: string | undefined): boolean {
  return (
    host !== undefined && /^(?:localhost(?:\.localdomain)?|\[?127\.[\d.]{1,12}\]?|\[?::1\]?)$/.test(host)
  );
}

/** The server itself or another host of the same name space (`mx1.example.it` for `mx.example.it`). */
function isOwn(host: string | undefined, trusted: string): boolean {
  if (host === undefined) return false;
  if (host === trusted || host.endsWith(`.${trusted}`)) return true;
  const parent = trusted.split('.').slice(1).join('.');
  return parent.includes('.') && host.endsWith(`.${parent}`);
}
