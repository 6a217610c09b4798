import type { MailKind, MailModels } from '../models.js';

/** What a mail says, before it becomes text and HTML. Every string is plain text without line breaks. */
export interface MailText {
  /** The subject, or, in a thread, what stands behind the request's own. */
  readonly headline: string;
  readonly paragraphs: readonly string[];
  readonly table: readonly (readonly [label: string, value: string])[];
  readonly list?: readonly string[];
  /** Behind table and list. */
  readonly notes?: readonly string[];
  readonly buttons: readonly { readonly label: string; readonly url: string }[];
}

/** What a template knows beside the facts: names, and the links that this reader may use. */
export interface Reading {
  readonly packageName?: string;
  /** The title of the mail's activity with `(extra)`, where the cause did not carry it. */
  readonly activityTitle?: string;
  /** The hours that a package was opened with. */
  readonly firstLot?: { readonly minutes: number; readonly expiresOn?: string };
  /** The mail that this one is about, where there is one: for the team only. */
  readonly about?: { readonly from?: string; readonly subject: string };
  /** Whether the reader is an approver of the package, and so has links to decide with (R5). */
  readonly mayDecide: boolean;
  nameOf(personId: string | undefined): string;
  /** The address of the link to what has this id (an activity, an overrun, the package's board). */
  linkTo(id: string): string | undefined;
}

export type Template<K extends MailKind> = (facts: MailModels[K], reading: Reading) => MailText;

export interface Wording {
  readonly templates: { readonly [K in MailKind]: Template<K> };
  greeting(name: string | undefined): string;
  readonly signOff: readonly string[];
  readonly answerHint: string;
  readonly packageLabel: string;
  /** Stands in for a person whose name nobody has told. */
  readonly someone: string;
}

/** Rows that have a value. */
export const rows = (
  ...entries: readonly (readonly [string, string | undefined])[]
): (readonly [string, string])[] =>
  entries.filter((entry): entry is readonly [string, string] => entry[1] !== undefined);

/** A button where there is a link. */
export const button = (label: string, url: string | undefined): MailText['buttons'] =>
  url === undefined ? [] : [{ label, url }];
