/** What a message says may hold characters that a terminal would obey. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are they, but for the end of a line
const COMMANDS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]+/g;

export const print = (text: string): void => void process.stdout.write(`${text.replaceAll(COMMANDS, ' ')}\n`);
/** As it is, for programs. */
export const printJson = (value: unknown): void =>
  void process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
/** For whoever watches; what a program reads is on standard output. */
export const tell = (text: string): void => void process.stderr.write(`${text}\n`);

/** A text on one line, without what a terminal would obey. */
export const plain = (text: string): string => text.replaceAll(COMMANDS, ' ').replaceAll(/\n+/g, ' ');

/** Rows below their headings, each column as wide as what stands in it. */
export function table(headings: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const lines = [headings, ...rows.map((row) => row.map((value) => plain(String(value))))];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines
    .map((line) =>
      line
        .map((text, column) => text.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
