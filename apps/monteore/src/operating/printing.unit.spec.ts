import { expect, test } from '@jest/globals';
import { table } from './printing.js';

test('columns are as wide as what stands in them, and no line ends in blanks', () => {
  expect(
    table(
      ['SERVICE', 'ID', 'FAULT'],
      [
        ['ledger', 7, 'cannot fold'],
        ['reporting', 12345, ''],
      ],
    ),
  ).toBe('SERVICE    ID     FAULT\nledger     7      cannot fold\nreporting  12345');
});

test('what a message says can neither break a line nor command the terminal', () => {
  expect(table(['A'], [['one\ntwo\u001b[2Jthree']])).toBe('A\none two [2Jthree');
});
