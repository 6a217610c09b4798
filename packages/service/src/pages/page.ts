import type { Language } from '@monteore/kernel';
import type { FastifyReply } from 'fastify';

/** Markup that needs no more escaping. */
export class Html {
  constructor(readonly text: string) {}
}

type Value = string | number | Html | undefined | null | false | readonly Value[];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (sign) => ESCAPES[sign]!);

function render(value: Value): string {
  if (value === undefined || value === null || value === false) return '';
  if (value instanceof Html) return value.text;
  if (Array.isArray(value)) return value.map(render).join('');
  return escapeHtml(String(value));
}

/** A template in which every value is escaped unless it is markup itself. */
export const html = (parts: TemplateStringsArray, ...values: readonly Value[]): Html =>
  new Html(parts.map((part, index) => part + (index < values.length ? render(values[index]) : '')).join(''));

/** Small enough to be read in one go on a phone; no script, no request to anywhere. */
const STYLE = `
:root{color-scheme:light dark;--ink:#1d2330;--muted:#5b6474;--paper:#fff;--ground:#f3f4f7;--line:#d9dde5;--accent:#1d5fd1;--good:#1c7a45;--bad:#b3261e;--warn:#8a5a00}
@media(prefers-color-scheme:dark){:root{--ink:#e9ecf2;--muted:#a5aebd;--paper:#1b1f28;--ground:#12151b;--line:#363d4a;--accent:#8ab4ff;--good:#7fd6a4;--bad:#ff9c94;--warn:#f0c36d}}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:46rem;margin:0 auto;padding:1rem}main.wide{max-width:80rem}
h1{font-size:1.4rem;line-height:1.25;margin:.5rem 0 1rem;overflow-wrap:anywhere}h2{font-size:1.1rem;margin:1.5rem 0 .5rem}
.card{background:var(--paper);border:1px solid var(--line);border-radius:.75rem;padding:1rem;margin:0 0 1rem}
dl{display:grid;grid-template-columns:minmax(0,2fr) minmax(0,3fr);gap:.35rem 1rem;margin:0}dt{color:var(--muted)}dd{margin:0;overflow-wrap:anywhere}
.muted{color:var(--muted)}.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}
.tag{display:inline-block;border:1px solid currentColor;border-radius:1rem;padding:0 .5rem;font-size:.85rem;white-space:nowrap}
button{font:inherit;font-weight:600;min-height:3rem;padding:.5rem 1.25rem;border-radius:.6rem;border:2px solid var(--accent);cursor:pointer;width:100%;margin:.25rem 0}
button.yes{background:var(--accent);color:var(--paper)}button.no{background:transparent;color:var(--ink);border-color:var(--line)}
label{display:block;color:var(--muted);margin:.75rem 0 .25rem}textarea{width:100%;font:inherit;color:inherit;background:var(--ground);border:1px solid var(--line);border-radius:.5rem;padding:.5rem}
a{color:var(--accent)}:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}th{color:var(--muted);font-weight:600}td.number,th.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
`;

export interface PageOptions {
  readonly language: Language;
  readonly title: string;
  readonly body: Html;
  readonly wide?: boolean;
  /** Rules of this page beside those that all share. Trusted text, never somebody's input. */
  readonly style?: string;
}

/** A whole page that works without JavaScript, from 390 px on, in light and dark. */
export function pageText({ language, title, body, wide, style }: PageOptions): string {
  return html`<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex, nofollow"><title>${title}</title><style>${new Html(STYLE + (style ?? ''))}</style></head>
<body><main${wide === true ? new Html(' class="wide"') : ''}>${body}</main></body></html>
`.text;
}

/** Sends a page that nobody may frame, cache or follow; a token in its address leaks to nobody by `Referer`. */
export function sendPage(reply: FastifyReply, status: number, page: PageOptions): void {
  reply
    .status(status)
    .header('content-type', 'text/html; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('referrer-policy', 'no-referrer')
    .header('x-content-type-options', 'nosniff')
    .header(
      'content-security-policy',
      "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    )
    .send(pageText(page));
}

/** True when the caller wants a page: a browser says so; a program that names JSON, or nothing, gets JSON. */
export const wantsPage = (accept: string | undefined): boolean => /\btext\/html\b/.test(accept ?? '');
