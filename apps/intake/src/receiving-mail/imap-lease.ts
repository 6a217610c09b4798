import { randomId } from '@monteore/kernel';
import type { SqlTransaction } from '@monteore/messaging';

export const imapLeaseTable = `
  CREATE TABLE imap_leases (
    mailbox text PRIMARY KEY,
    holder text NOT NULL,
    held_until timestamptz NOT NULL
  );`;

const LEASE_SECONDS = 120;

/** Of several instances one polls a mailbox; a former holder that was paused does no harm, since a mail is taken once. */
export class ImapLease {
  private readonly holder = randomId();

  constructor(
    private readonly database: SqlTransaction,
    private readonly mailbox: string,
  ) {}

  /** True while this instance holds the lease, for two more minutes. */
  async take(): Promise<boolean> {
    const rows = await this.database.query(
      `INSERT INTO imap_leases AS known (mailbox, holder, held_until)
       VALUES ($1, $2, now() + make_interval(secs => $3))
       ON CONFLICT (mailbox) DO UPDATE SET holder = $2, held_until = EXCLUDED.held_until
       WHERE known.holder = $2 OR known.held_until < now() RETURNING 1`,
      [this.mailbox, this.holder, LEASE_SECONDS],
    );
    return rows.length > 0;
  }

  async giveUp(): Promise<void> {
    await this.database.query('DELETE FROM imap_leases WHERE mailbox = $1 AND holder = $2', [
      this.mailbox,
      this.holder,
    ]);
  }
}
