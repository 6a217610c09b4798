import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '@monteore/testing';
import { type ParsedMail, simpleParser } from 'mailparser';

export interface SentMail {
  readonly file: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly parsed: ParsedMail;
}

/** Mails out of a system that writes them as `.eml` files, each of which appears complete. */
export class Outbox {
  private readonly read = new Map<string, SentMail>();
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** All mails so far, in the order of their files' names. */
  async mails(): Promise<SentMail[]> {
    const files = (await readdir(this.directory)).filter((name) => name.endsWith('.eml')).sort();
    for (const file of files) {
      if (this.read.has(file)) continue;
      const parsed = await simpleParser(await readFile(join(this.directory, file)));
      const to = [parsed.to ?? []].flat().flatMap((list) => list.value.map(({ address }) => address ?? ''));
      this.read.set(file, {
        file,
        to: to.join(', '),
        subject: parsed.subject ?? '',
        text: parsed.text ?? '',
        html: parsed.html || '',
        parsed,
      });
    }
    return files.map((file) => this.read.get(file)!);
  }

  /** The first mail that fits, waited for. Throws Error that tells which mails there are. */
  async mail(what: string, fits: (mail: SentMail) => boolean, limitMilliseconds = 15_000): Promise<SentMail> {
    try {
      return await eventually(async () => (await this.mails()).find(fits), what, limitMilliseconds);
    } catch (error) {
      const seen = (await this.mails()).map(({ to, subject }) => `${to}: ${subject}`);
      throw new Error(`${(error as Error).message}; mails so far:\n${seen.join('\n')}`);
    }
  }
}

/** Paths below `/api` of the links of one kind in a mail's text: `decision-links`, `overrun-links`, `board-links`. */
export function linksIn({ text }: Pick<SentMail, 'text'>, kind: string): string[] {
  const found = text.matchAll(new RegExp(`https?://[^\\s<>]+?/api(/[a-z]+/v1/${kind}/[\\w.~-]+)`, 'g'));
  return [...new Set([...found].map(([, path]) => path!))];
}
