import { createHash } from 'node:crypto';
import { decodedBody, leavesOf, type MimePart } from './mime-tree.js';

/**
 * SHA-256 of what makes a mail the same mail (R8): sender, subject and the decoded parts. Headers that transport
 * adds or rewrites, boundaries, transfer encodings and line endings do not count, so a copy that came another way
 * has the same hash.
 */
export function contentHash(root: MimePart, senderEmail: string, subject: string): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify(['mail', 1, senderEmail, subject]));
  for (const part of leavesOf(root)) {
    const content = decodedBody(part);
    const name = part.disposition.parameters.get('filename') ?? part.contentType.parameters.get('name') ?? '';
    const canonical = isTextual(part.type) ? withoutLineEndDifferences(content) : content;
    const digest = createHash('sha256').update(canonical).digest('hex');
    hash.update(`\n${JSON.stringify([part.type, name, digest])}`);
  }
  return hash.digest('hex');
}

function isTextual(type: string): boolean {
  return type.startsWith('text/') || type.startsWith('message/');
}

/** Relays add or drop carriage returns, blanks at line ends and the last line break. */
function withoutLineEndDifferences(content: Uint8Array): Buffer {
  const out = Buffer.alloc(content.length);
  let length = 0;
  let blanks = 0;
  let breaks = 0;
  const flush = () => {
    for (; breaks > 0; breaks--) out[length++] = 0x0a;
  };
  for (const byte of content) {
    if (byte === 0x0d) continue;
    if (byte === 0x0a) {
      breaks++;
      blanks = 0;
    } else if (byte === 0x20) blanks++;
    else {
      flush();
      for (; blanks > 0; blanks--) out[length++] = 0x20;
      out[length++] = byte;
    }
  }
  return out.subarray(0, length);
}
