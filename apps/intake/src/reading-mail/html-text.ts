import { compile, type Formatter } from 'html-to-text';

const MAX_HTML = 2_000_000;
const MAX_DEPTH = 120;

/** What stands in the text where mail programs mark the signature by an element instead of the `-- ` line. */
const SIGNATURE_SELECTORS = [
  '.gmail_signature',
  '.gmail_signature_prefix',
  '.moz-signature',
  '.apple-mail-signature',
  '#Signature',
  '#x_Signature',
  '#ms-outlook-mobile-signature',
  '#yahoo-mobile-signature',
];

const HIDDEN_SELECTORS = [
  'head',
  'title',
  'style',
  'script',
  'noscript',
  'template',
  'object',
  'iframe',
  'svg',
  'img',
  'select',
  '[hidden]',
  '[style*="display:none"]',
  '[style*="display: none"]',
  '[style*="mso-hide:all"]',
  '[style*="visibility:hidden"]',
];

/** Quotes become `> ` lines, so that one set of rules cuts replies of both kinds of mail. */
const quote: Formatter = (element, walk, builder) => {
  builder.openBlock({ leadingLineBreaks: 1 });
  walk(element.children, builder);
  builder.closeBlock({
    trailingLineBreaks: 1,
    blockTransform: (text) =>
      text
        .split('\n')
        .map((line) => (line.startsWith('>') ? `>${line}` : `> ${line}`))
        .join('\n'),
  });
};

/** The address of a link matters to who reads the request, unless the text says it already or it only tracks. */
const link: Formatter = (element, walk, builder) => {
  walk(element.children, builder);
  const href = (element.attribs?.href ?? '').trim();
  if (!/^https?:\/\/[^\s]{1,200}$/i.test(href)) return;
  const text = textOf(element.children, 0).trim();
  const bare = (url: string) =>
    url
      .replace(/^https?:\/\//i, '')
      .replace(/\/$/, '')
      .toLowerCase();
  if (text !== '' && !bare(text).includes(bare(href)) && !bare(href).endsWith(bare(text))) {
    builder.addInline(` [${href}]`, { noWordTransform: true });
  }
};

function textOf(nodes: readonly unknown[], depth: number): string {
  if (depth > 20) return '';
  let text = '';
  for (const node of nodes as readonly { data?: string; children?: readonly unknown[] }[]) {
    text += node.data ?? (node.children === undefined ? '' : textOf(node.children, depth + 1));
    if (text.length > 500) break;
  }
  return text;
}

const rule: Formatter = (_element, _walk, builder) => {
  builder.openBlock({ leadingLineBreaks: 1 });
  builder.addInline('________________________________');
  builder.closeBlock({ trailingLineBreaks: 1 });
};

const cell: Formatter = (element, walk, builder) => {
  walk(element.children, builder);
  builder.addInline(' ');
};

function converter(skipped: readonly string[]) {
  const plainBlock = { leadingLineBreaks: 1, trailingLineBreaks: 1 };
  const paragraph = { leadingLineBreaks: 2, trailingLineBreaks: 2 };
  return compile({
    // The default takes the zero-width blank for a blank, and it stands inside words.
    whitespaceCharacters: ' \t\r\n\f',
    wordwrap: false,
    limits: { maxDepth: MAX_DEPTH, maxInputLength: MAX_HTML, ellipsis: '' },
    formatters: { quote, link, rule, cell },
    selectors: [
      { selector: '*', format: 'inline' },
      { selector: 'blockquote', format: 'quote' },
      { selector: 'a', format: 'link' },
      { selector: 'hr', format: 'rule' },
      { selector: 'p', format: 'paragraph', options: paragraph },
      // Outlook writes every line as such a paragraph with no space around it.
      { selector: 'p.MsoNormal', format: 'paragraph', options: plainBlock },
      { selector: 'table', format: 'block', options: plainBlock },
      { selector: 'tr', format: 'block', options: plainBlock },
      { selector: 'td', format: 'cell' },
      { selector: 'th', format: 'cell' },
      ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({
        selector,
        format: 'heading',
        options: { ...paragraph, uppercase: false },
      })),
      { selector: 'pre', format: 'pre', options: paragraph },
      { selector: 'ul', format: 'unorderedList', options: { itemPrefix: '- ', ...plainBlock } },
      { selector: 'ol', format: 'orderedList', options: plainBlock },
      ...[
        'div',
        'section',
        'article',
        'main',
        'header',
        'footer',
        'nav',
        'address',
        'form',
        'center',
        'dl',
        'dt',
        'dd',
      ].map((selector) => ({ selector, format: 'block', options: plainBlock })),
      { selector: 'br', format: 'lineBreak' },
      { selector: 'wbr', format: 'wbr' },
      ...skipped.map((selector) => ({ selector, format: 'skip' })),
    ],
  });
}

const convertWithSignature = converter(HIDDEN_SELECTORS);
const convertWithoutSignature = converter([...HIDDEN_SELECTORS, ...SIGNATURE_SELECTORS]);

/**
 * Readable text of an HTML part (R8): no script, style, tracking or hidden preheader; quotes as `> ` lines;
 * signatures that the mail program marked are left out, unless nothing else would remain.
 */
export function htmlToText(html: string): string {
  const bounded = withoutDataUris(html).slice(0, MAX_HTML);
  try {
    if (tooDeep(bounded)) return stripTags(bounded);
    const text = tidy(convertWithoutSignature(bounded));
    return text.trim() === '' ? tidy(convertWithSignature(bounded)) : text;
  } catch {
    return stripTags(bounded);
  }
}

/** Pictures inside the HTML are no text, but may be all of its length. */
function withoutDataUris(html: string): string {
  return html.replace(/data:[a-z]{1,20}\/[a-z0-9.+-]{1,40};base64,[a-z0-9+/=%\s]*/gi, '');
}

function tidy(text: string): string {
  return text.replace(/\u00a0/g, ' ');
}

/** Some thousand unclosed elements make every tree walk costly; such a mail gets the simple treatment. */
function tooDeep(html: string): boolean {
  let depth = 0;
  let deepest = 0;
  for (const match of html.matchAll(/<(\/?)(?:div|span|blockquote|table|b|i|font|ul|ol|li|a|p)\b/gi)) {
    depth += match[1] === '/' ? -1 : 1;
    if (depth > deepest) deepest = depth;
  }
  return deepest > 1500;
}

/** Cuts tags by one pass over the text; used only where the real conversion cannot be. */
export function stripTags(html: string): string {
  let out = '';
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf('<', at);
    if (open < 0) return out + html.slice(at);
    out += html.slice(at, open);
    const skipped = /^<(script|style|title|head)\b/i.exec(html.slice(open, open + 10))?.[1];
    const close = skipped === undefined ? html.indexOf('>', open) : endOfElement(html, open, skipped);
    if (close < 0) return out;
    if (/^<(?:br|p|div|\/p|\/div|tr|li)\b/i.test(html.slice(open, open + 6))) out += '\n';
    at = close + 1;
  }
  return out;
}

function endOfElement(html: string, from: number, name: string): number {
  const end = new RegExp(`</${name}\\s{0,5}>`, 'gi');
  end.lastIndex = from;
  const match = end.exec(html);
  return match === null ? -1 : match.index + match[0].length - 1;
}
