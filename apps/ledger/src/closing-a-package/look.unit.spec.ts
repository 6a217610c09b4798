import { describe, expect, it } from '@jest/globals';
import { isRefusal } from '@monteore/kernel';
import { Scenario } from '../testing/scenario.js';
import { add, ask, reserve, reverse, work } from '../testing/scenario-commands.js';
import { considerUsedUp } from './decide.js';
import { needsLook } from './look.js';

/** Whether one of the last command's events asks for a look. */
const asks = ({ outcome }: Scenario): boolean => {
  if (isRefusal(outcome)) throw new Error(outcome.detail);
  return outcome.some(needsLook);
};
const looked = (scenario: Scenario) =>
  scenario.when((state, context) => considerUsedUp(state, context, 0)).recorded;
const approved = () => Scenario.opened(60).given(reserve('a', 40));

describe('R14 after work there is nothing to look at', () => {
  it.each<[string, Scenario]>([
    ['minutes are held', approved().given(work('a', 10))],
    ['the hold is gone and minutes are left', approved().given(work('a', 40))],
    ['the rest is an overrun', Scenario.opened(60).given(work('a', 40))],
    ['an extra waits that does not fit', approved().given(ask('b', 90)).given(work('a', 10))],
    ['an approval waits that does not fit', approved().given(reserve('b', 90)).given(work('a', 40))],
    [
      'minutes of the overdraft are charged',
      Scenario.opened(60, { policy: { overdraftMinutes: 30 } })
        .given(reserve('a', 80))
        .given(work('a', 80)),
    ],
  ])('while %s', (_, scenario) => {
    expect(asks(scenario)).toBe(false);
    expect(looked(scenario)).toEqual([]);
  });

  it('and what it calls off needs none either', () => {
    const usedUp = Scenario.opened(60).given(reserve('a', 60)).given(work('a', 60));
    expect(looked(usedUp)).toEqual([['ClosureScheduled', expect.anything()]]);
    const more = usedUp.given(add(30)).given(reserve('b', 30)).given(work('b', 10));
    expect(more.package).not.toHaveProperty('closesAt');
    expect(asks(more)).toBe(false);
  });
});

describe('R14 there is a look', () => {
  it('after the work that uses the package up', () => {
    const scenario = Scenario.opened(60).given(reserve('a', 60)).given(work('a', 20)).given(work('a', 40));
    expect(asks(scenario)).toBe(true);
    expect(looked(scenario)).toEqual([['ClosureScheduled', expect.anything()]]);
  });

  it.each<[string, Scenario]>([
    ['a top-up', Scenario.opened(60).given(add(10))],
    ['a reservation', approved()],
    ['a reversal', approved().given(work('a', 10)).given(reverse(0))],
    ['hours that an extra waited for', Scenario.opened(10).given(ask('b', 60)).given(add(90))],
  ])('after %s', (_, scenario) => {
    expect(asks(scenario)).toBe(true);
  });
});
