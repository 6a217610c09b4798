import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';

export interface Envelope {
  readonly mailId: string;
  readonly from: string;
  readonly to: string;
  readonly createdAt: string;
}

/** Gives a mail's bytes, as they are, to whatever carries them on. */
export interface Delivery {
  /** Throws RecipientRefusedError when nobody will ever be reached there; anything else passes. */
  deliver(envelope: Envelope, bytes: Buffer): Promise<void>;
}

/** The receiving server has said for good that there is no such recipient. */
export class RecipientRefusedError extends Error {
  constructor(readonly responseCode: number) {
    super(`the recipient was refused for good (SMTP ${responseCode})`);
    this.name = 'RecipientRefusedError';
  }
}

/** Over SMTP, one connection a mail; a server that hangs is left after `timeoutMillis` without a sign of life. */
export function smtpDelivery(url: string, timeoutMillis = 10_000): Delivery {
  const transport = createTransport({
    url,
    connectionTimeout: timeoutMillis,
    greetingTimeout: timeoutMillis,
    socketTimeout: timeoutMillis,
    dnsTimeout: timeoutMillis,
  });
  return {
    deliver: async ({ from, to }, bytes) => {
      try {
        await transport.sendMail({ envelope: { from, to }, raw: bytes });
      } catch (error) {
        const code = permanentRefusal(error);
        if (code !== null) throw new RecipientRefusedError(code);
        throw error;
      }
    },
  };
}

/** The 5xx answer to RCPT TO; null for every other failure. */
function permanentRefusal(error: unknown): number | null {
  const { command, responseCode } = error as { command?: unknown; responseCode?: unknown };
  return command === 'RCPT TO' && typeof responseCode === 'number' && responseCode >= 500
    ? responseCode
    : null;
}

/** Files `<time>-<mail id>.eml` for the owner alone, each appearing complete; the same mail is the same file. */
export function outboxDelivery(directory: string): Delivery {
  return {
    deliver: async ({ mailId, createdAt }, bytes) => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const name = `${createdAt.replaceAll(/[-:.]/g, '')}-${mailId}`;
      const temporary = join(directory, `.${name}-${randomUUID()}.tmp`);
      try {
        await writeDown(temporary, bytes);
        await rename(temporary, join(directory, `${name}.eml`));
      } catch (error) {
        // On a full disk every attempt would leave one more.
        await rm(temporary, { force: true });
        throw error;
      }
    },
  };
}

async function writeDown(path: string, bytes: Buffer): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}
