import { describe, expect, it } from '@jest/globals';
import { compareRuns } from './compare.ts';
import { type Figure, isMet, type Machine, type Results, type SectionResult } from './figure.ts';
import { merged } from './keep.ts';
import { figureOf, median, percentile, ratioOf } from './statistics.ts';
import { comparisonText, markdownTable, shortNumber } from './table.ts';

const M: Machine = { processors: 2, model: 'M', memoryGiB: 8, system: 'Linux 6', node: '24.0.0' };
const section = (key: string, figures: readonly Figure[], quick = false): SectionResult => ({
  key,
  title: `Section ${key}`,
  figures,
  durability: [],
  machine: M,
  measuredAt: '2026-03-02T09:30:12.000Z',
  commit: 'abc1234',
  quick,
  loadBefore: 0.12,
  loadAfter: 1.5,
  seconds: 10,
});
const ratio = (name: string, value: number): Figure => ({ name, value, unit: 'ratio' });
const results = (...sections: SectionResult[]): Results => ({ sections });

describe('percentiles', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

  it.each([
    [hundred, 50, 50],
    [hundred, 99, 99],
    [hundred, 100, 100],
    [[7], 99, 7],
    [[1, 2, 3], 50, 2],
    [[1, 2, 3, 4], 75, 3],
  ])('are nearest ranks, whatever the order (%#)', (values, percent, expected) => {
    expect(percentile(values, percent)).toBe(expected);
  });

  it.each([
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
    [[10, 9], 9.5],
  ])('the median of an even number is the mean of the two in the middle (%#)', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it('of nothing are refused', () => {
    expect(() => percentile([], 50)).toThrow(RangeError);
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('figures', () => {
  it('tell the spread of several repetitions', () => {
    expect(figureOf('rate', 'events/s', [5, 1, 3])).toEqual({
      name: 'rate',
      unit: 'events/s',
      value: 3,
      lowest: 1,
      highest: 5,
    });
  });

  it('compare repetition by repetition', () => {
    expect(ratioOf('r', [10, 20, 90], [5, 5, 30], { atLeast: 3 })).toEqual({
      name: 'r',
      unit: 'ratio',
      value: 3,
      lowest: 2,
      highest: 4,
      aim: { atLeast: 3 },
    });
    expect(() => ratioOf('r', [1], [1, 2])).toThrow('not as many');
  });

  it.each([
    [3, { atLeast: 3 }, true],
    [2.9, { atLeast: 3 }, false],
    [1.2, { atMost: 1.2 }, true],
    [1.21, { atMost: 1.2 }, false],
    [249, { below: 250 }, true],
    [250, { below: 250 }, false],
  ])('%p against %p is %p', (value, aim, expected) => {
    expect(isMet({ value }, aim)).toBe(expected);
  });
});

describe('two runs', () => {
  const before = results(
    section('a', [ratio('kept', 2), ratio('gone', 1), figureOf('rate', 'events/s', [100])]),
    section('b', [ratio('not measured again', 1)]),
  );
  const after = results(
    section('a', [ratio('kept', 2.5), ratio('new', 1), figureOf('rate', 'events/s', [1])]),
  );

  it('are compared by the ratios of the sections that both measured', () => {
    expect(compareRuns(before, after)).toEqual({
      changes: [{ section: 'a', name: 'kept', before: 2, after: 2.5, changePercent: 25 }],
      onlyBefore: ['a: gone'],
      onlyAfter: ['a: new'],
    });
  });

  it('are told with the sign of the change', () => {
    const text = comparisonText(compareRuns(after, before));
    expect(text).toContain('a. kept');
    expect(text).toContain('-20.0 %');
    expect(comparisonText(compareRuns(before, after))).toContain('+25.0 %');
  });

  it('are kept together: what was measured anew stands in its place, in order', () => {
    const news = section('a', [], true);
    const { sections } = merged(results(section('a', []), section('c', [])), results(section('b', []), news));
    expect(sections.map(({ key, quick }) => [key, quick])).toEqual([
      ['a', true],
      ['b', false],
      ['c', false],
    ]);
  });
});

describe('the table', () => {
  it('says what, how much, the aim, and under which load', () => {
    const figures = [
      ratioOf('port next to plain', [2, 4], [1, 1], { atLeast: 3.5 }),
      figureOf('the port', 'events/s', [12_345.6]),
    ];
    expect(markdownTable(results(section('a', figures, true))).split('\n')).toEqual([
      '2 processors (M), 8 GiB, Linux 6, Node 24.0.0.',
      '',
      '| what | measured | of the repetitions | aim | |',
      '|---|---|---|---|---|',
      '| **a. Section a** | | | | 2026-03-02 09:30, load 0.12–1.5, small sizes |',
      '| port next to plain | × 3 | 2 – 4 | ≥ 3.5 | not met |',
      '| the port | 12,346 events/s |  |  |  |',
    ]);
  });

  it('says which section was measured where, when that differs', () => {
    const elsewhere = { ...section('b', []), machine: { ...M, model: 'N' } };
    expect(
      markdownTable(results(section('a', []), elsewhere, section('c', [])))
        .split('\n')
        .slice(0, 3),
    ).toEqual([
      '- a, c: 2 processors (M), 8 GiB, Linux 6, Node 24.0.0',
      '- b: 2 processors (N), 8 GiB, Linux 6, Node 24.0.0',
      '',
    ]);
  });

  it.each([
    [0.0123456, '0.0123'],
    [12.345, '12.3'],
    [999, '999'],
    [1234.5, '1,235'],
  ])('shortens %p to %p', (value, expected) => {
    expect(shortNumber(value)).toBe(expected);
  });
});
