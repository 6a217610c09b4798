import { expect, test } from '@jest/globals';
import { Gathered } from './gathered.js';

/** Round trips that end when the test says so. */
function roundTrips() {
  const asked: { readonly questions: readonly number[]; end(error?: Error): void }[] = [];
  const askAll = (questions: readonly number[]) =>
    new Promise<readonly string[]>((resolve, reject) => {
      const answers = questions.map((question) => `answer ${question}`);
      asked.push({ questions, end: (error) => (error === undefined ? resolve(answers) : reject(error)) });
    });
  const begun = async (count: number) => {
    while (asked.length < count) await new Promise((resolve) => setImmediate(resolve));
  };
  return { asked, askAll, begun };
}

test('what is asked together, or while another round trip is under way, shares one', async () => {
  const { asked, askAll, begun } = roundTrips();
  const gathered = new Gathered(askAll);
  const first = [gathered.ask(1), gathered.ask(2)];
  await begun(1);
  const later = [gathered.ask(3), gathered.ask(4), gathered.ask(5)];
  asked[0]!.end();
  expect(await Promise.all(first)).toEqual(['answer 1', 'answer 2']);
  await begun(2);
  asked[1]!.end();
  expect(await Promise.all(later)).toEqual(['answer 3', 'answer 4', 'answer 5']);
  expect(asked.map(({ questions }) => questions)).toEqual([
    [1, 2],
    [3, 4, 5],
  ]);
});

test('a round trip that fails fails those who took part, and nobody else', async () => {
  const { asked, askAll, begun } = roundTrips();
  const gathered = new Gathered(askAll);
  const lost = gathered.ask(1);
  await begun(1);
  const next = gathered.ask(2);
  asked[0]!.end(new Error('away'));
  await expect(lost).rejects.toThrow('away');
  await begun(2);
  asked[1]!.end();
  expect(await next).toBe('answer 2');
});

test('no more are asked at once than were allowed', async () => {
  const sizes: number[] = [];
  const gathered = new Gathered<number, number>(async (questions) => {
    sizes.push(questions.length);
    return questions;
  }, 2);
  expect(await Promise.all([1, 2, 3, 4, 5].map((question) => gathered.ask(question)))).toEqual([
    1, 2, 3, 4, 5,
  ]);
  expect(sizes).toEqual([2, 2, 1]);
});
