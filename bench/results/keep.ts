import { readFile, writeFile } from 'node:fs/promises';
import type { Results } from './figure.ts';
import { markdownTable } from './table.ts';

const BEGIN = '<!-- measured: begin (written by npm run bench -- --into) -->';
const END = '<!-- measured: end -->';

/** Throws Error that names the file when it is none of ours. */
export async function readResults(file: string): Promise<Results> {
  const text = await readFile(file, 'utf8');
  try {
    const results = JSON.parse(text) as Results;
    if (Array.isArray(results.sections)) return results;
  } catch {
    // Told below.
  }
  throw new Error(`${file} holds no results of npm run bench`);
}

/** Sections measured anew stand in the place of the file's own; the others of the file stay. */
export async function keepResults(file: string, measured: Results): Promise<Results> {
  const known = await readResults(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return { sections: [] };
    throw error;
  });
  const results = merged(known, measured);
  await writeFile(file, `${JSON.stringify(results, null, 2)}\n`);
  return results;
}

export function merged(known: Results, measured: Results): Results {
  const news = new Set(measured.sections.map(({ key }) => key));
  const sections = [...known.sections.filter(({ key }) => !news.has(key)), ...measured.sections];
  return { sections: sections.sort((a, b) => a.key.localeCompare(b.key)) };
}

/** Puts the table between the two marks of a document. Throws Error when it has none. */
export async function putInto(document: string, results: Results): Promise<void> {
  const text = await readFile(document, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin)
    throw new Error(`${document} has no place for the table: two lines «${BEGIN}» and «${END}»`);
  const before = text.slice(0, begin + BEGIN.length);
  await writeFile(document, `${before}\n${markdownTable(results)}\n${text.slice(end)}`);
}
