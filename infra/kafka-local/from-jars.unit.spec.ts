import { expect, test } from '@jest/globals';
import { formatArguments } from './from-jars.mjs';

test('an id that begins with a dash is no option', () => {
  const asked = formatArguments('-L6g3nShT-eMCtK--X86sw', '/there/server.properties', null);
  expect(asked.filter((argument) => argument.startsWith('-L'))).toEqual([]);
  expect(asked).toContain('--cluster-id=-L6g3nShT-eMCtK--X86sw');
});
