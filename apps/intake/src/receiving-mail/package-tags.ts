/** The short code of a package, by which an address (`ref+1a2b3c4d@…`) or a subject (`[P-1a2b3c4d]`) names it (R8). */
export const shortCodeOf = (packageId: string): string => packageId.slice(0, 8).toLowerCase();

/** What may name a package, in lower case: its code, its id, and its name as it would stand in an address. */
export function tagsOf(packageId: string, name: string): string[] {
  const slug = slugOf(name);
  return [shortCodeOf(packageId), packageId.toLowerCase(), ...(slug === '' ? [] : [slug])];
}

/** The tag of a plus-address, as it is compared. */
export const addressTag = (tag: string): string => withoutPrefix(slugOf(tag));

/** What stands in square brackets in a subject, as it is compared. At most ten. */
export function subjectTags(subject: string): string[] {
  return [...subject.matchAll(/\[([^[\]]{1,100})\]/g)]
    .slice(0, 10)
    .map((match) => withoutPrefix(slugOf(match[1]!)))
    .filter((tag) => tag !== '');
}

const withoutPrefix = (tag: string): string => tag.replace(/^p-(?=[0-9a-f]{8}(?:-|$))/, '');

function slugOf(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}
