import type ExcelJS from 'exceljs';
import type { WorkbookLanguage } from './statement.js';

type Style = Partial<ExcelJS.Style>;

export type CellKind = 'text' | 'flag' | 'number' | 'minutes' | 'delta' | 'duration' | 'date' | 'time';

const FONT = { name: 'Calibri', family: 2, size: 10 };
const BOLD = { ...FONT, bold: true };
const LINE: Partial<ExcelJS.Borders> = { bottom: { style: 'hair' } };
const FRAME: Partial<ExcelJS.Borders> = { top: { style: 'thin' }, bottom: { style: 'medium' } };

const NUMBER_FORMAT: Readonly<Record<CellKind, Readonly<Record<WorkbookLanguage, string>>>> = {
  text: { it: '@', en: '@' },
  flag: { it: '@', en: '@' },
  number: { it: '0', en: '0' },
  minutes: { it: '#,##0', en: '#,##0' },
  // A sign says in black and white what a colour would say on a screen.
  delta: { it: '+#,##0;-#,##0;0', en: '+#,##0;-#,##0;0' },
  duration: { it: '[h]:mm', en: '[h]:mm' },
  date: { it: 'dd/mm/yyyy', en: 'yyyy-mm-dd' },
  time: { it: 'dd/mm/yyyy hh:mm', en: 'yyyy-mm-dd hh:mm' },
};

function alignment(kind: CellKind): Partial<ExcelJS.Alignment> {
  if (kind === 'text') return { vertical: 'top', horizontal: 'left', indent: 1, wrapText: true };
  if (kind === 'flag' || kind === 'date' || kind === 'time') return { vertical: 'top', horizontal: 'center' };
  return { vertical: 'top', horizontal: 'right' };
}

function perKind(make: (kind: CellKind) => Style): Readonly<Record<CellKind, Style>> {
  const kinds = Object.keys(NUMBER_FORMAT) as CellKind[];
  return Object.fromEntries(kinds.map((kind) => [kind, make(kind)])) as Record<CellKind, Style>;
}

export interface Styles {
  readonly title: Style;
  readonly note: Style;
  readonly header: Style;
  readonly label: Style;
  readonly remark: Style;
  readonly body: Readonly<Record<CellKind, Style>>;
  readonly total: Readonly<Record<CellKind, Style>>;
}

/** One object a style: exceljs knows a style again by its object, and looks up everything else for each cell. */
function stylesIn(language: WorkbookLanguage): Styles {
  const format = (kind: CellKind): string => NUMBER_FORMAT[kind][language];
  return {
    title: { font: { ...BOLD, size: 14 }, alignment: { vertical: 'middle' } },
    note: { font: { ...FONT, italic: true }, alignment: { vertical: 'top' } },
    header: {
      font: BOLD,
      border: FRAME,
      fill: { type: 'pattern', pattern: 'solid', fgColor: { argb: 'FFE7E7E7' } },
      alignment: { vertical: 'middle', horizontal: 'center', wrapText: true },
    },
    label: { font: BOLD, border: LINE, alignment: { vertical: 'top', horizontal: 'left', wrapText: true } },
    remark: { font: FONT, border: LINE, alignment: { vertical: 'top', horizontal: 'left', indent: 1 } },
    body: perKind((kind) => ({ font: FONT, border: LINE, alignment: alignment(kind), numFmt: format(kind) })),
    total: perKind((kind) => ({
      font: BOLD,
      border: { top: { style: 'medium' }, bottom: { style: 'medium' } },
      alignment: alignment(kind),
      numFmt: format(kind),
    })),
  };
}

export const STYLES: Readonly<Record<WorkbookLanguage, Styles>> = { it: stylesIn('it'), en: stylesIn('en') };
