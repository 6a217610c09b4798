import { createHmac } from 'node:crypto';
import { parse, v4, v5, validate } from 'uuid';

/** Namespace of every derived id of this product; changing it would make every repeat look new. */
const NAMESPACE = parse('6d6f6e74-656f-4265-8f72-65000000a001');

/** The same parts give the same UUIDv5, everywhere and for ever. Parts are length-prefixed so that none can imitate two. */
export function derivedId(...parts: readonly string[]): string {
  return v5(Buffer.from(parts.map((part) => `${part.length}:${part}`).join('|')), NAMESPACE);
}

/** A random id, for what nobody may guess. */
export function randomId(): string {
  return v4();
}

export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && validate(value);
}

/** Letter case and surrounding blanks do not tell two addresses apart (R8). */
export function normalizeEmail(email: string): string {
  return email.trim().normalize('NFC').toLowerCase();
}

/**
 * The id of a person, made from the installation's secret and the normalised address, so that every service
 * makes the same one without asking and no event has to hold an address. A contact's is made with its client's id,
 * so one address at two clients is two contacts.
 */
export function personIdOf(installationSecret: string, email: string, clientId = ''): string {
  const digest = createHmac('sha256', installationSecret)
    .update(`${clientId}\n${normalizeEmail(email)}`)
    .digest();
  const bytes = digest.subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
