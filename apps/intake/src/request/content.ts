import type { Blobs } from '@monteore/service';

/** The texts of what came in: kept as a blob, so that no event holds them and erasing a person can delete them. */
export interface RequestContent {
  readonly from: { readonly email: string; readonly name?: string } | null;
  readonly subject: string;
  /** The new text only (R8). */
  readonly text: string;
  readonly urgent: boolean;
  readonly urgencyEvidence: readonly string[];
  readonly possiblySeveral: boolean;
  readonly severalEvidence: readonly string[];
  readonly attachments: readonly {
    readonly name: string;
    readonly contentType: string;
    readonly sizeBytes: number;
    readonly sha256: string;
  }[];
  readonly messageId?: string;
  readonly references: readonly string[];
  /** What makes it the same mail (R8); absent for what was no mail. */
  readonly contentSha256?: string;
  /** The sender's own date; it decides nothing. */
  readonly sentAt?: string;
}

const ERASED: RequestContent = {
  from: null,
  subject: '',
  text: '',
  urgent: false,
  urgencyEvidence: [],
  possiblySeveral: false,
  severalEvidence: [],
  attachments: [],
  references: [],
};

/** Keeps the texts; the same texts give the same reference. */
export const keepContent = (blobs: Blobs, content: RequestContent): Promise<string> =>
  blobs.put(Buffer.from(JSON.stringify(content)));

/** The texts under a reference; all empty once they were erased. */
export async function loadContent(blobs: Blobs, contentRef: string): Promise<RequestContent> {
  const bytes = await blobs.get(contentRef);
  return bytes === null ? ERASED : (JSON.parse(bytes.toString('utf8')) as RequestContent);
}
