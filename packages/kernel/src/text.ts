/** Text that neither Postgres nor JSON can carry faithfully is refused at the edge (architecture.md, Write side). */
export function isStorableText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000');
}

/** The same text without what cannot be stored: a mail's text is cleaned, not refused. */
export function cleanText(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '');
}
