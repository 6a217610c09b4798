import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const PAGE = 200;
const LOOK_MILLISECONDS = 200;

interface Summary {
  readonly ID: string;
  readonly Created: string;
}

/**
 * Copies the mails that a Mailpit takes into a directory, each as a file that appears complete, in the order in which
 * they came, for as long as it is not stopped.
 */
export class MailpitCopy {
  private readonly baseUrl: string;
  private readonly directory: string;
  private readonly copied = new Set<string>();
  private isWanted = true;
  private readonly ended: Promise<void>;

  constructor(baseUrl: string, directory: string) {
    this.baseUrl = baseUrl;
    this.directory = directory;
    this.ended = this.follow();
    // Told by `stop`.
    this.ended.catch(() => {});
  }

  /** Throws what went wrong while it copied. */
  async stop(): Promise<void> {
    this.isWanted = false;
    await this.ended;
  }

  private async follow(): Promise<void> {
    while (this.isWanted) {
      for (const { ID, Created } of await this.arrived()) {
        const file = join(this.directory, `${Created.replaceAll(':', '-')}-${ID}.eml`);
        const mail = await fetch(`${this.baseUrl}/api/v1/message/${ID}/raw`);
        writeFileSync(`${file}.new`, Buffer.from(await mail.arrayBuffer()));
        renameSync(`${file}.new`, file);
        this.copied.add(ID);
      }
      await pause(LOOK_MILLISECONDS);
    }
  }

  /** What has not been copied yet, the oldest first. It is listed from the newest on. */
  private async arrived(): Promise<Summary[]> {
    const arrived: Summary[] = [];
    for (let start = 0; ; start += PAGE) {
      const answer = await fetch(`${this.baseUrl}/api/v1/messages?start=${start}&limit=${PAGE}`);
      const { messages } = (await answer.json()) as { readonly messages: readonly Summary[] };
      const fresh = messages.filter(({ ID }) => !this.copied.has(ID));
      arrived.push(...fresh);
      if (fresh.length < PAGE) return arrived.reverse();
    }
  }
}
