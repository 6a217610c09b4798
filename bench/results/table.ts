import type { Comparison } from './compare.ts';
import {
  type Aim,
  type Figure,
  isMet,
  type Machine,
  RATIO,
  type Results,
  type SectionResult,
} from './figure.ts';

/** Three significant digits below 1,000, whole numbers with separators above. */
export function shortNumber(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}

const aimText = (aim: Aim): string => {
  if ('atLeast' in aim) return `≥ ${shortNumber(aim.atLeast)}`;
  return 'atMost' in aim ? `≤ ${shortNumber(aim.atMost)}` : `< ${shortNumber(aim.below)}`;
};

const valueText = ({ value, unit }: Figure): string =>
  unit === RATIO ? `× ${shortNumber(value)}` : `${shortNumber(value)} ${unit}`;

const spreadText = ({ lowest, highest }: Figure): string =>
  lowest === undefined || highest === undefined ? '' : `${shortNumber(lowest)} – ${shortNumber(highest)}`;

const verdictOf = (figure: Figure): string => {
  if (figure.aim === undefined) return '';
  return isMet(figure, figure.aim) ? 'met' : 'not met';
};

const cells = (figure: Figure): readonly string[] => [
  figure.name,
  valueText(figure),
  spreadText(figure),
  figure.aim === undefined ? '' : aimText(figure.aim),
  verdictOf(figure),
];

/** One section for a terminal. */
export function sectionText({ figures }: Pick<SectionResult, 'figures'>): string {
  const rows = figures.map(cells);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
    .join('\n');
}

/** Every section as one Markdown table, with where, when and under which load each was measured. */
export function markdownTable({ sections }: Results): string {
  const rows = sections.flatMap((section) => [
    `| **${section.key}. ${section.title}** | | | | ${conditionsOf(section)} |`,
    ...section.figures.map((figure) => `| ${cells(figure).join(' | ')} |`),
  ]);
  return [
    ...machinesOf(sections),
    '',
    '| what | measured | of the repetitions | aim | |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** One after another, each with its sections where there are several: figures of two machines are not compared. */
function machinesOf(sections: readonly SectionResult[]): readonly string[] {
  const keys = new Map<string, string[]>();
  for (const { key, machine } of sections) {
    const named = machineText(machine);
    keys.set(named, [...(keys.get(named) ?? []), key]);
  }
  if (keys.size <= 1) return [...keys.keys()].map((named) => `${named}.`);
  return [...keys].map(([named, of]) => `- ${of.join(', ')}: ${named}`);
}

const machineText = ({ processors, model, memoryGiB, system, node }: Machine): string =>
  `${processors} processors (${model}), ${shortNumber(memoryGiB)} GiB, ${system}, Node ${node}`;

const conditionsOf = ({ measuredAt, quick, loadBefore, loadAfter }: SectionResult): string =>
  [
    measuredAt.slice(0, 16).replace('T', ' '),
    `load ${shortNumber(loadBefore)}–${shortNumber(loadAfter)}`,
    ...(quick ? ['small sizes'] : []),
  ].join(', ');

/** The change of the ratios for a terminal. */
export function comparisonText({ changes, onlyBefore, onlyAfter }: Comparison): string {
  const rows = changes.map(({ section, name, before, after, changePercent }) => [
    `${section}. ${name}`,
    `× ${shortNumber(before)}`,
    `× ${shortNumber(after)}`,
    `${changePercent >= 0 ? '+' : ''}${changePercent.toFixed(1)} %`,
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(0, ...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  return [
    ...lines,
    ...onlyBefore.map((id) => `${id}: only in the earlier run`),
    ...onlyAfter.map((id) => `${id}: only in this run`),
  ]
    .map((line) => `  ${line}`)
    .join('\n');
}
