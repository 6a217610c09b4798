const SLUG_CHARACTERS = 60;

/**
 * A name for the spreadsheet that every system takes: small letters, digits and hyphens of the package's name, the
 * date it stands for (`YYYY-MM-DD`), and the extension.
 */
export function fileNameOf(packageName: string, date: string): string {
  const slug = packageName
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, SLUG_CHARACTERS)
    .replace(/^-+|-+$/g, '');
  return `${slug === '' ? 'pacchetto' : slug}-${date}.xlsx`;
}
