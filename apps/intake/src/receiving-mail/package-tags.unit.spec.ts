import { describe, expect, it } from '@jest/globals';
import { addressTag, shortCodeOf, subjectTags, tagsOf } from './package-tags.js';

const PACKAGE = '1a2b3c4d-0000-4000-8000-000000000001';

describe('R8 a tag names a package', () => {
  it('by its short code, its id and its name', () => {
    expect(tagsOf(PACKAGE, 'Sito Città 2026')).toEqual(['1a2b3c4d', PACKAGE, 'sito-citta-2026']);
    expect(tagsOf(PACKAGE, '***')).toEqual(['1a2b3c4d', PACKAGE]);
    expect(shortCodeOf(PACKAGE.toUpperCase())).toBe('1a2b3c4d');
  });

  it.each([
    ['[P-1A2B3C4D] Nuovo banner', ['1a2b3c4d']],
    ['R: [1a2b3c4d] Nuovo banner', ['1a2b3c4d']],
    ['[Sito Città 2026] Nuovo banner', ['sito-citta-2026']],
    [`[p-${PACKAGE}] x`, [PACKAGE]],
    ['[novita] [] [sito] due', ['novita', 'sito']],
    ['P-1a2b3c4d senza parentesi', []],
    ['[p-funzione] non è un codice', ['p-funzione']],
  ])('subject «%s»', (subject, tags) => {
    expect(subjectTags(subject)).toEqual(tags);
  });

  it.each([
    ['P-1a2b3c4d', '1a2b3c4d'],
    ['sito.citta.2026', 'sito-citta-2026'],
    ['harbour', 'harbour'],
    ['', ''],
  ])('address tag «%s»', (written, tag) => {
    expect(addressTag(written)).toBe(tag);
  });
});
