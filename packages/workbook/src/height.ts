const LINE_POINTS = 14;

/** How many lines a wrapped text takes in a cell so many characters wide; rather one too many than a word cut off. */
export function linesOf(text: string, charactersALine: number): number {
  return text.split(/\r\n?|\n/).reduce((lines, line) => lines + wrapped(line, charactersALine), 0);
}

/** Words go on the next line whole; one that is longer than a line is broken. */
function wrapped(line: string, charactersALine: number): number {
  let lines = 1;
  let used = 0;
  for (const word of line.split(' ')) {
    const needed = used === 0 ? word.length : used + 1 + word.length;
    if (needed <= charactersALine) {
      used = needed;
      continue;
    }
    if (used > 0) lines += 1;
    const broken = Math.max(0, Math.ceil(word.length / charactersALine) - 1);
    lines += broken;
    used = word.length - broken * charactersALine;
  }
  return lines;
}

/** The height of a row in points. Programs do not agree on making rows as high as their text, so it is said. */
export const heightOf = (lines: number, maximumLines: number): number =>
  Math.min(Math.max(lines, 1), maximumLines) * LINE_POINTS;
