import type ExcelJS from 'exceljs';
import { cellText, romeTimeValue } from './cells.js';
import { COMMON } from './labels.js';
import type { StatementHead, WorkbookLanguage } from './statement.js';

const A4 = 9;
/** The whole header of a page holds 255 characters, its codes included. */
const PAGE_TEXT_CHARACTERS = 90;

/** Text in a page's header or footer: one line, and `&` begins a code there unless it is doubled. */
function pageText(text: string): string {
  const line = cellText(text).replace(/\s+/g, ' ').trim();
  const short = line.length > PAGE_TEXT_CHARACTERS ? `${line.slice(0, PAGE_TEXT_CHARACTERS - 1)}…` : line;
  return short.toWellFormed().replaceAll('&', '&&');
}

/** A4, all columns on one page's width, as many pages as the rows need. */
export function pageOf(
  head: StatementHead,
  language: WorkbookLanguage,
  orientation: 'landscape' | 'portrait',
): Pick<ExcelJS.AddWorksheetOptions, 'pageSetup' | 'headerFooter' | 'properties'> {
  const made = romeTimeValue(head.generatedAt).toISOString();
  const day = language === 'it' ? made.slice(0, 10).split('-').reverse().join('/') : made.slice(0, 10);
  return {
    properties: { dyDescent: 0.25 },
    pageSetup: {
      paperSize: A4,
      orientation,
      fitToPage: true,
      fitToWidth: 1,
      fitToHeight: 0,
      scale: undefined,
      horizontalDpi: undefined,
      verticalDpi: undefined,
      margins: { left: 0.4, right: 0.4, top: 0.6, bottom: 0.6, header: 0.3, footer: 0.3 },
    },
    headerFooter: {
      oddHeader: `&L${pageText(head.packageName)}&R${pageText(head.clientName)}`,
      oddFooter: `&L${day} ${made.slice(11, 16)}&C&A&R${COMMON.page[language]}`,
    },
  };
}
