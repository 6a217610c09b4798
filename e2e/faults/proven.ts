import { expect } from '@jest/globals';
import { monteore } from '../operating/running-commands.ts';

/**
 * Boards that serve equal those that a rebuild makes, and the hash chain of every event verifies. Nothing mends a board
 * or a chain by itself, so that asking once, at the end, answers for everything that happened before.
 */
export async function expectProven(dataDirectory: string): Promise<void> {
  const diff = await monteore(['replay-diff', '--data', dataDirectory]);
  expect(diff).toMatchObject({ code: 0, out: expect.stringMatching(/^Nothing would change: \d+ messages/) });
  expect(await monteore(['verify', '--data', dataDirectory])).toMatchObject({ code: 0 });
}
