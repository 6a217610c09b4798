import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from, to } from 'pg-copy-streams';

export type CopiedValue = string | number | bigint | boolean | null;

const CHUNK_CHARACTERS = 256 * 1024;

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A value in the text format of COPY. */
export const copyText = (value: CopiedValue): string =>
  value === null ? '\\N' : String(value).replaceAll(/[\\\n\r\t]/g, (character) => ESCAPES[character]!);

/** Puts rows into a table as fast as Postgres takes them; in one transaction. */
export async function copyRows(
  client: pg.Client,
  table: string,
  columns: readonly string[],
  rows: Iterable<readonly CopiedValue[]>,
): Promise<void> {
  const copying = client.query(from(`COPY ${table} (${columns.join(', ')}) FROM STDIN`));
  await pipeline(Readable.from(chunksOf(rows)), copying);
}

function* chunksOf(rows: Iterable<readonly CopiedValue[]>): Generator<string> {
  let text = '';
  for (const row of rows) {
    text += `${row.map(copyText).join('\t')}\n`;
    if (text.length < CHUNK_CHARACTERS) continue;
    yield text;
    text = '';
  }
  yield text;
}

/** A table's rows as COPY writes them, in memory. */
export async function copiedOut(client: pg.Client, table: string): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  const copying = client.query(to(`COPY ${table} TO STDOUT`));
  copying.on('data', (chunk: Buffer) => chunks.push(chunk));
  await finished(copying);
  return chunks;
}

/** The same rows into a table of the same form. */
export async function copyIn(client: pg.Client, table: string, chunks: readonly Buffer[]): Promise<void> {
  await pipeline(Readable.from(chunks), client.query(from(`COPY ${table} FROM STDIN`)));
}
