import { readFile } from 'node:fs/promises';
import type { JSONWebKeySet } from 'jose';
import type { KeyLocation } from './token-verifier.js';

/**
 * The public keys of a file, read at each question so that a rotation needs no restart. Throws Error when they are
 * somewhere else: whoever publishes keys must have them.
 */
export function publishedKeys(location: KeyLocation): () => Promise<JSONWebKeySet> {
  if (!('file' in location))
    throw new Error('this service publishes the public keys, so it needs their file, not an URL');
  return async () => JSON.parse(await readFile(location.file, 'utf8')) as JSONWebKeySet;
}
