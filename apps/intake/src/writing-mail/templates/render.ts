import type { Language } from '@monteore/kernel';
import { Html, html } from '@monteore/service';
import type { MailKind, MailModels } from '../models.js';
import { english } from './english.js';
import { italian } from './italian.js';
import type { MailText, Reading, Template, Wording } from './mail-text.js';

export const WORDINGS: Readonly<Record<Language, Wording>> = { it: italian, en: english };

const LONGEST_TEXT = 500;

/** Text of others on one line: no line break, control or direction character, and not without end. */
export function oneLine(text: string): string {
  const line = text
    .toWellFormed()
    .replace(/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return line.length <= LONGEST_TEXT ? line : `${line.slice(0, LONGEST_TEXT - 1).toWellFormed()}…`;
}

/** The same facts, with every text in them on one line. */
export function tidy<T>(value: T): T {
  if (typeof value === 'string') return oneLine(value) as T;
  if (Array.isArray(value)) return value.map(tidy) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, tidy(inner)])) as T;
}

/** What a mail of this kind says to this reader. */
export function mailText<K extends MailKind>(
  kind: K,
  facts: MailModels[K],
  reading: Reading,
  language: Language,
): MailText {
  const template: Template<K> = WORDINGS[language].templates[kind];
  return template(tidy(facts), reading);
}

export interface Frame {
  readonly language: Language;
  readonly recipientName?: string;
  readonly packageName?: string;
}

/** What both bodies hold, in order: so that text and HTML cannot say different things. */
function contentOf(mail: MailText, { language, recipientName, packageName }: Frame) {
  const wording = WORDINGS[language];
  return {
    greeting: wording.greeting(recipientName === undefined ? undefined : oneLine(recipientName)),
    paragraphs: mail.paragraphs,
    table: [
      ...(packageName === undefined ? [] : [[wording.packageLabel, oneLine(packageName)] as const]),
      ...mail.table,
    ],
    list: mail.list ?? [],
    notes: mail.notes ?? [],
    buttons: mail.buttons,
    signOff: wording.signOff,
    answerHint: wording.answerHint,
  };
}

/** The plain-text body. */
export function renderText(mail: MailText, frame: Frame): string {
  const content = contentOf(mail, frame);
  const blocks = [
    content.greeting,
    ...content.paragraphs,
    content.table.map(([label, value]) => `${label}: ${value}`).join('\n'),
    content.list.map((item) => `- ${item}`).join('\n'),
    ...content.notes,
    ...content.buttons.map(({ label, url }) => `${label}:\n${url}`),
    content.signOff.join('\n'),
    `-- \n${content.answerHint}`,
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

const BUTTON =
  'display:inline-block;padding:12px 20px;background:#1d5fd1;color:#ffffff;text-decoration:none;border-radius:8px;font-weight:bold';
const CELL =
  'text-align:left;vertical-align:top;padding:6px 12px 6px 0;border-bottom:1px solid #d9dde5;overflow-wrap:anywhere';

/** The HTML body: everything escaped, nothing loaded from anywhere. */
export function renderHtml(mail: MailText, frame: Frame): string {
  const content = contentOf(mail, frame);
  const cell = new Html(` style="${CELL}"`);
  return html`<!doctype html>
<html lang="${frame.language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${mail.headline}</title></head>
<body style="margin:0;padding:16px;font:16px/1.5 system-ui,Arial,sans-serif;color:#1d2330;background:#ffffff"><div style="max-width:640px">
<p>${content.greeting}</p>
${content.paragraphs.map((text) => html`<p>${text}</p>\n`)}
${
  content.table.length > 0 &&
  html`<table style="border-collapse:collapse;width:100%;margin:16px 0">
${content.table.map(([label, value]) => html`<tr><th scope="row"${cell}>${label}</th><td${cell}>${value}</td></tr>\n`)}</table>`
}
${content.list.length > 0 && html`<ul>\n${content.list.map((item) => html`<li>${item}</li>\n`)}</ul>`}
${content.notes.map((text) => html`<p>${text}</p>\n`)}
${content.buttons.map(({ label, url }) => html`<p><a href="${url}" style="${BUTTON}">${label}</a></p>\n`)}
<p>${content.signOff[0]}<br>${content.signOff[1]}</p>
<p style="color:#5b6474;font-size:14px">${content.answerHint}</p>
</div></body></html>
`.text;
}
