/** The part of html-to-text that is used here; the package carries no types of its own. */
declare module 'html-to-text' {
  export interface HtmlElement {
    readonly attribs?: Readonly<Record<string, string>>;
    readonly children: readonly unknown[];
  }
  export interface BlockTextBuilder {
    addInline(text: string, options?: { noWordTransform?: boolean }): void;
    addLineBreak(): void;
    openBlock(options?: { leadingLineBreaks?: number; reservedLineLength?: number }): void;
    closeBlock(options?: { trailingLineBreaks?: number; blockTransform?: (text: string) => string }): void;
  }
  export type Walk = (children: readonly unknown[], builder: BlockTextBuilder) => void;
  export type Formatter = (element: HtmlElement, walk: Walk, builder: BlockTextBuilder) => void;
  export interface Selector {
    readonly selector: string;
    readonly format?: string;
    readonly options?: Readonly<Record<string, unknown>>;
  }
  export interface Options {
    readonly wordwrap?: number | false;
    readonly whitespaceCharacters?: string;
    readonly limits?: {
      readonly maxDepth?: number;
      readonly maxInputLength?: number;
      readonly ellipsis?: string;
    };
    readonly formatters?: Readonly<Record<string, Formatter>>;
    readonly selectors?: readonly Selector[];
  }
  export function compile(options: Options): (html: string) => string;
}
