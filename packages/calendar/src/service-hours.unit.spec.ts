import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  addDays,
  isWorkingDay,
  localDateOf,
  nextServiceMoment,
  nthWorkingDayAfter,
  reminderAt,
  takeInChargeDeadline,
  workingDayBefore,
} from './index.js';

const instant = fc
  .date({ min: new Date('2020-01-01'), max: new Date('2100-11-30'), noInvalidDate: true })
  .map((date) => date.toISOString());
/** Closing days near the instant, as a package has them: a week in August, a bridge. */
const received = fc
  .record({ at: instant, offsets: fc.array(fc.integer({ min: -20, max: 20 }), { maxLength: 12 }) })
  .map(({ at, offsets }) => ({ at, closed: offsets.map((days) => addDays(localDateOf(at), days)) }));

describe('R9 service hours', () => {
  it.each([
    ['2026-11-16T08:00:00.000Z', '2026-11-16T08:00:00.000Z', 'nine sharp is inside'],
    ['2026-11-16T07:59:59.999Z', '2026-11-16T08:00:00.000Z', 'just before nine'],
    ['2026-11-16T11:59:59.999Z', '2026-11-16T11:59:59.999Z', 'just before one'],
    ['2026-11-16T12:00:00.000Z', '2026-11-16T13:00:00.000Z', 'one sharp is lunch'],
    ['2026-11-16T13:00:00.000Z', '2026-11-16T13:00:00.000Z', 'two sharp is inside'],
    ['2026-11-16T16:59:59.999Z', '2026-11-16T16:59:59.999Z', 'just before six'],
    ['2026-11-16T17:00:00.000Z', '2026-11-17T08:00:00.000Z', 'six sharp is over'],
    ['2026-11-15T23:30:00.000Z', '2026-11-16T08:00:00.000Z', 'Sunday in London, Monday night in Rome'],
    ['2026-11-13T17:30:00.000Z', '2026-11-16T08:00:00.000Z', 'Friday evening is Monday'],
    ['2026-03-27T18:00:00.000Z', '2026-03-30T07:00:00.000Z', 'over the change to summer time'],
    ['2026-10-23T18:00:00.000Z', '2026-10-26T08:00:00.000Z', 'over the change back'],
    ['2026-12-24T18:00:00.000Z', '2026-12-28T08:00:00.000Z', 'over Christmas'],
    ['2026-12-31T10:00:00.000Z', '2026-12-31T10:00:00.000Z', '31 December is worked'],
    ['2026-04-06T08:00:00.000Z', '2026-04-07T07:00:00.000Z', 'Easter Monday is not'],
    ['2026-11-16T10:00:00.000+01:00', '2026-11-16T09:00:00.000Z', 'another offset is written in UTC'],
  ])('%s counts as received at %s: %s', (receivedAt, counted) => {
    expect(nextServiceMoment(receivedAt)).toBe(counted);
  });

  it('skips the closing days of the package', () => {
    expect(nextServiceMoment('2026-11-16T09:00:00.000Z', ['2026-11-16', '2026-11-17'])).toBe(
      '2026-11-18T08:00:00.000Z',
    );
  });

  it('is never earlier than the instant, lies on a working day, and stays where it is', () => {
    fc.assert(
      fc.property(received, ({ at, closed }) => {
        const moment = nextServiceMoment(at, closed);
        expect(moment >= at).toBe(true);
        expect(isWorkingDay(localDateOf(moment), closed)).toBe(true);
        expect(nextServiceMoment(moment, closed)).toBe(moment);
      }),
    );
  });
});

describe('R9 working days', () => {
  it.each([
    ['2026-11-13', 1, '2026-11-16'],
    ['2026-11-14', 1, '2026-11-16'],
    ['2026-11-16', 5, '2026-11-23'],
    ['2026-12-23', 2, '2026-12-28'],
    ['2026-04-30', 1, '2026-05-04'],
  ])('after %s the number %i is %s', (date, n, nth) => {
    expect(nthWorkingDayAfter(date, n)).toBe(nth);
  });

  it.each([
    ['2026-11-16', '2026-11-13'],
    ['2026-11-15', '2026-11-13'],
    ['2026-04-07', '2026-04-03'],
    ['2027-01-04', '2026-12-31'],
  ])('before %s is %s', (date, before) => {
    expect(workingDayBefore(date)).toBe(before);
  });

  it.each([0, -1, 1.5, Number.NaN])('%d of them is no question', (n) => {
    expect(() => nthWorkingDayAfter('2026-11-16', n)).toThrow(RangeError);
  });

  it('before the first one after a working day is that day', () => {
    fc.assert(
      fc.property(received, ({ at, closed }) => {
        const day = nthWorkingDayAfter(localDateOf(at), 1, closed);
        expect(workingDayBefore(nthWorkingDayAfter(day, 1, closed), closed)).toBe(day);
      }),
    );
  });
});

describe('R9 taken in charge within five working days', () => {
  it.each([
    ['2026-11-09T08:12:09.000Z', [], '2026-11-16T17:00:00.000Z', 'Monday to Monday'],
    ['2026-11-13T16:59:00.000Z', [], '2026-11-20T17:00:00.000Z', 'Friday, a minute before six'],
    ['2026-11-13T17:00:00.000Z', [], '2026-11-23T17:00:00.000Z', 'Friday at six counts as Monday'],
    ['2026-11-15T10:00:00.000Z', [], '2026-11-23T17:00:00.000Z', 'Sunday counts as Monday'],
    ['2026-12-28T09:00:00.000Z', [], '2027-01-05T17:00:00.000Z', 'over New Year, 31 December counts'],
    ['2026-12-30T09:00:00.000Z', [], '2027-01-08T17:00:00.000Z', 'over New Year and Epiphany'],
    ['2026-03-27T09:00:00.000Z', [], '2026-04-03T16:00:00.000Z', 'into summer time: six is 16:00 in UTC'],
    ['2026-03-31T09:00:00.000Z', [], '2026-04-08T16:00:00.000Z', 'over Easter Monday'],
    ['2026-10-22T09:00:00.000Z', [], '2026-10-29T17:00:00.000Z', 'out of summer time: six is 17:00 in UTC'],
    ['2027-09-30T09:00:00.000Z', [], '2027-10-08T16:00:00.000Z', 'over 4 October 2027, a Monday'],
    [
      '2024-09-30T09:00:00.000Z',
      [],
      '2024-10-07T16:00:00.000Z',
      'over 4 October 2024, a Friday that is worked',
    ],
    ['2026-11-09T08:12:09.000Z', ['2026-11-16'], '2026-11-17T17:00:00.000Z', 'a closing day'],
    ['2026-11-09T08:12:09.000Z', ['2026-11-09'], '2026-11-17T17:00:00.000Z', 'received on a closing day'],
  ])('received %s, closed on %j: by %s (%s)', (receivedAt, closingDays, by) => {
    const deadline = takeInChargeDeadline(receivedAt, closingDays);
    expect(deadline.takeInChargeBy).toBe(by);
    expect(deadline.takeInChargeOn).toBe(by.slice(0, 10));
  });

  it('says what was counted', () => {
    expect(takeInChargeDeadline('2026-04-01T18:30:00.000Z')).toEqual({
      countedFrom: '2026-04-02T07:00:00.000Z',
      workingDays: ['2026-04-03', '2026-04-07', '2026-04-08', '2026-04-09', '2026-04-10'],
      takeInChargeBy: '2026-04-10T16:00:00.000Z',
      takeInChargeOn: '2026-04-10',
    });
  });

  it('lies after the receipt and never moves back as receipts come later', () => {
    fc.assert(
      fc.property(received, fc.nat(14 * 86_400_000), ({ at, closed }, laterMs) => {
        const first = takeInChargeDeadline(at, closed);
        const second = takeInChargeDeadline(new Date(Date.parse(at) + laterMs).toISOString(), closed);
        expect(first.takeInChargeBy > at).toBe(true);
        expect(second.takeInChargeBy >= first.takeInChargeBy).toBe(true);
      }),
    );
  });

  it('counts five working days in order, none of them the day of receipt, and leaves none out', () => {
    fc.assert(
      fc.property(received, ({ at, closed }) => {
        const { countedFrom, workingDays, takeInChargeOn } = takeInChargeDeadline(at, closed);
        const naive: string[] = [];
        for (let day = addDays(localDateOf(countedFrom), 1); naive.length < 5; day = addDays(day, 1)) {
          if (isWorkingDay(day, closed)) naive.push(day);
        }
        expect(workingDays).toEqual(naive);
        expect([...workingDays].sort()).toEqual(workingDays);
        expect(workingDays.at(-1)).toBe(takeInChargeOn);
      }),
    );
  });
});

describe('R9 the reminder', () => {
  it.each([
    ['2026-11-16T17:00:00.000Z', [], '2026-11-13T17:00:00.000Z', 'over a weekend'],
    ['2027-01-05T17:00:00.000Z', [], '2027-01-04T17:00:00.000Z', 'the day before'],
    ['2026-04-07T16:00:00.000Z', [], '2026-04-03T16:00:00.000Z', 'over Easter'],
    ['2026-03-30T16:00:00.000Z', [], '2026-03-27T17:00:00.000Z', 'over the change to summer time'],
    ['2026-11-18T17:00:00.000Z', ['2026-11-17'], '2026-11-16T17:00:00.000Z', 'over a closing day'],
  ])('for %s, closed on %j, is due at %s: %s', (by, closingDays, reminder) => {
    expect(reminderAt(by, closingDays)).toBe(reminder);
  });

  it('comes when exactly one working day is left', () => {
    fc.assert(
      fc.property(received, ({ at, closed }) => {
        const { takeInChargeBy, takeInChargeOn, workingDays } = takeInChargeDeadline(at, closed);
        const reminder = reminderAt(takeInChargeBy, closed);
        expect(localDateOf(reminder)).toBe(workingDays[3]);
        expect(nthWorkingDayAfter(localDateOf(reminder), 1, closed)).toBe(takeInChargeOn);
      }),
    );
  });
});
