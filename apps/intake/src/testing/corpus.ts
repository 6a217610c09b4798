import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NewClient } from './intake-world.js';

const CORPUS = fileURLToPath(new URL('../../test-data/mail/', import.meta.url));

/** Whom the kept mails come from and go to. */
export interface Directory {
  readonly referent: string;
  readonly receivingServer: string;
  readonly clients: readonly NewClient[];
}

export const corpusMail = (file: string): Promise<Buffer> => readFile(join(CORPUS, file));
export const corpusJson = async <T>(file: string): Promise<T> =>
  JSON.parse(await readFile(join(CORPUS, file), 'utf8')) as T;
