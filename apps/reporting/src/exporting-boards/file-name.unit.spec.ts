import { describe, expect, it } from '@jest/globals';
import { fileNameOf } from './file-name.js';

describe('R14 the name of the spreadsheet', () => {
  it.each([
    ['Pacchetto Città d’Arte', 'pacchetto-citta-d-arte-2026-03-31.xlsx'],
    ['../../etc/passwd', 'etc-passwd-2026-03-31.xlsx'],
    ['"; filename="x.exe\r\nSet-Cookie: a=b', 'filename-x-exe-set-cookie-a-b-2026-03-31.xlsx'],
    ['日本', 'pacchetto-2026-03-31.xlsx'],
    ['', 'pacchetto-2026-03-31.xlsx'],
    ['a'.repeat(500), `${'a'.repeat(60)}-2026-03-31.xlsx`],
  ])('makes a safe one of %j', (name, expected) => {
    expect(fileNameOf(name, '2026-03-31')).toBe(expected);
  });
});
