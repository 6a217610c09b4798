/** One `method=result` of an Authentication-Results header. */
export interface MethodResult {
  readonly method: string;
  readonly result: string;
}

/** A parsed Authentication-Results header (RFC 8601): who wrote it and what was found; names lower-cased. */
export interface AuthenticationResults {
  readonly authservId: string;
  readonly results: readonly MethodResult[];
}

type Token = { readonly kind: 'word' | 'quoted'; readonly text: string } | { readonly kind: ';' | '=' | '/' };

/**
 * Parses a header value by the grammar of RFC 8601 2.2. Comments and quoted strings can hold anything and prove
 * nothing; only the first `method=result` of each section is a result, the rest are reasons and properties.
 * Undefined when it is not of version 1 or not well formed.
 */
export function parseAuthenticationResults(value: string): AuthenticationResults | undefined {
  const [head, ...sections] = splitSections(tokenise(value));
  const [id, version, ...extra] = head ?? [];
  if (id === undefined || !isText(id) || extra.length > 0) return undefined;
  if (version !== undefined && !(version.kind === 'word' && version.text === '1')) return undefined;
  const results: MethodResult[] = [];
  for (const section of sections) {
    const parsed = methodResult(section);
    if (parsed !== undefined) results.push(parsed);
  }
  return { authservId: id.text.toLowerCase(), results };
}

function isText(token: Token): token is { kind: 'word' | 'quoted'; text: string } {
  return token.kind === 'word' || token.kind === 'quoted';
}

/** `method ["/" version] "=" result`; a quoted string can be neither method nor result. */
function methodResult(section: readonly Token[]): MethodResult | undefined {
  let rest = section;
  const [method] = rest;
  if (method?.kind !== 'word') return undefined;
  rest = rest.slice(1);
  if (rest[0]?.kind === '/') rest = rest.slice(2);
  const [equals, result] = rest;
  if (equals?.kind !== '=' || result?.kind !== 'word') return undefined;
  return { method: method.text.toLowerCase(), result: result.text.toLowerCase() };
}

function splitSections(tokens: readonly Token[]): Token[][] {
  const sections: Token[][] = [[]];
  for (const token of tokens) {
    if (token.kind === ';') sections.push([]);
    else sections.at(-1)?.push(token);
  }
  return sections;
}

function tokenise(value: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < value.length) {
    const char = value[at]!;
    if (/\s/.test(char)) at++;
    else if (char === '(') at = afterComment(value, at);
    else if (char === '"') {
      const { text, end } = quotedString(value, at);
      tokens.push({ kind: 'quoted', text });
      at = end;
    } else if (char === ';' || char === '=' || char === '/') {
      tokens.push({ kind: char });
      at++;
    } else {
      let end = at;
      while (end < value.length && !/[\s("=;/]/.test(value[end]!)) end++;
      // A stray closing parenthesis is part of the word, so the word is no known method.
      tokens.push({ kind: 'word', text: value.slice(at, end) });
      at = end;
    }
  }
  return tokens;
}

/** Comments nest and may escape their parentheses; one that never closes swallows the rest. */
function afterComment(value: string, from: number): number {
  let depth = 0;
  for (let at = from; at < value.length; at++) {
    if (value[at] === '\\') at++;
    else if (value[at] === '(') depth++;
    else if (value[at] === ')' && --depth === 0) return at + 1;
  }
  return value.length;
}

function quotedString(value: string, from: number): { text: string; end: number } {
  let text = '';
  let at = from + 1;
  for (; at < value.length && value[at] !== '"'; at++) {
    if (value[at] === '\\') at++;
    text += value[at] ?? '';
  }
  return { text, end: at + 1 };
}
