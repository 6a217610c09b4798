/** A sentence of a text with its place in it. */
export interface Sentence {
  readonly text: string;
  readonly start: number;
  /** The mark that ends it, or nothing. */
  readonly end: string;
}

const LIST_MARK =
  /^[ \t]{0,12}(?:[-*•–—·▪◦‣●○■□☐☑✓✔➢➤►→>]|\(?\d{1,2}[.)°\]]|\d{1,2} ?[-–](?=[ \t][a-zà-ú])|\(?[a-z][.)])[ \t]/i;

/** Whether a line starts an item of a list. */
export function isListItem(line: string): boolean {
  return LIST_MARK.test(line.slice(0, 30));
}

/**
 * Makes the text of a paragraph one line, position by position: a single line break is only where the mail program
 * wrapped, one before a blank line, a list item or after a short line ends a sentence.
 */
export function withoutWrapping(text: string): string {
  const lines = text.split('\n');
  let out = '';
  for (const [index, line] of lines.entries()) {
    out += line.replace(/[\t\u00a0]/g, ' ');
    if (index === lines.length - 1) break;
    const next = lines[index + 1]!;
    const wrapped =
      line.trim().length >= 45 &&
      next.trim() !== '' &&
      !isListItem(next) &&
      !/[.!?:;]\s*$/.test(line.slice(-20));
    // A short line goes on only when the next begins in lower case.
    const continued =
      line.trim() !== '' && /^\s*\p{Ll}/u.test(next.slice(0, 20)) && !/[.!?:;,]\s*$/.test(line.slice(-20));
    out += wrapped || (continued && !isListItem(next)) ? ' ' : '\n';
  }
  return out;
}

/** Cuts at full stops, question and exclamation marks, semicolons and line ends; abbreviations and numbers stay whole. */
export function sentencesOf(text: string): Sentence[] {
  const sentences: Sentence[] = [];
  let start = 0;
  const push = (stop: number, mark: string) => {
    const piece = text.slice(start, stop);
    if (/[\p{L}\p{N}]/u.test(piece)) sentences.push({ text: piece, start, end: mark });
  };
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    const after = text[i + 1];
    const ends =
      char === '\n' ||
      char === ';' ||
      char === '…' ||
      ((char === '.' || char === '!' || char === '?') && (after === undefined || /[\s"”»')\]]/.test(after)));
    if (!ends || (char === '.' && isAbbreviation(text, i))) continue;
    push(i, char);
    start = i + 1;
  }
  push(text.length, '');
  return sentences;
}

function isAbbreviation(text: string, dot: number): boolean {
  const before = /(?:^|[\s(])([\p{L}\p{N}.]{1,5})$/u.exec(text.slice(Math.max(0, dot - 8), dot))?.[1];
  if (before === undefined) return false;
  return (
    /^(?:\d{1,2}|[a-z]|es|ecc|art|sig|dott|ing|tel|pag|nr|n|p\.s|ps|e\.g|i\.e|a\.s\.a|a\.s\.a\.p|etc|mr|mrs|dr|st)$/i.test(
      before,
    ) && !/^\s*$/.test(text.slice(dot + 1, dot + 3))
  );
}
