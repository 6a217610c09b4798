import { eventually } from '@monteore/testing';
import pg from 'pg';

const LOCK = 4711;

export interface Holding {
  /** With its schema. */
  readonly table: string;
  readonly before: 'INSERT' | 'UPDATE';
  /** Of which rows: SQL over NEW, and over OLD where there is one. */
  readonly when: string;
}

/** Statements that wait in the database, so that a test can kill whoever gives them before they have happened. */
export class HeldStatements {
  private readonly holder: pg.Client;
  private readonly release: string;

  private constructor(holder: pg.Client, release: string) {
    this.holder = holder;
    this.release = release;
  }

  static async in(adminUrl: string, { table, before, when }: Holding): Promise<HeldStatements> {
    const holder = new pg.Client(adminUrl);
    await holder.connect();
    const held = `${table.split('.')[0]}.wait_for_test`;
    await holder.query(`SELECT pg_advisory_lock(${LOCK})`);
    await holder.query(`
      CREATE FUNCTION ${held}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF ${when} THEN PERFORM pg_advisory_xact_lock(${LOCK}); END IF;
          RETURN NEW;
        END $$;
      CREATE TRIGGER wait_for_test BEFORE ${before} ON ${table} FOR EACH ROW EXECUTE FUNCTION ${held}()`);
    return new HeldStatements(holder, `DROP TRIGGER wait_for_test ON ${table}; DROP FUNCTION ${held}()`);
  }

  /** Resolves when one waits. */
  async oneWaits(): Promise<void> {
    await eventually(async () => (await this.waiting()).length > 0, 'a statement that waits', 60_000);
  }

  /** To be called when whoever gave them is dead: what waits is given up, as if it had never been sent. */
  async giveUp(): Promise<void> {
    for (const pid of await this.waiting()) await this.holder.query('SELECT pg_terminate_backend($1)', [pid]);
    await this.holder.query(this.release);
    await this.holder.end();
  }

  private async waiting(): Promise<number[]> {
    const { rows } = await this.holder.query<{ pid: number }>(
      `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = ${LOCK} AND NOT granted`,
    );
    return rows.map(({ pid }) => pid);
  }
}
