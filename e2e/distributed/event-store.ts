import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DoubleProcess, startDoubleProcess } from '@monteore/event-store/kurrentdb-double';

/** What the ledger of a cluster keeps its events in, beside Postgres. */
export interface LedgerStore {
  readonly url: string;
  /** The double, which may be stopped; null for a real server, which is somebody else's. */
  readonly process: DoubleProcess | null;
  close(): Promise<void>;
}

/** The server of `KURRENTDB_URL`, or else the double of its protocol, with its log on disk. */
export async function startLedgerStore(): Promise<LedgerStore> {
  const { KURRENTDB_URL } = process.env;
  if (KURRENTDB_URL) return { url: KURRENTDB_URL, process: null, close: async () => {} };
  const directory = mkdtempSync(join(tmpdir(), 'monteore-kurrentdb-'));
  const double = await startDoubleProcess({ directory });
  return {
    url: double.connectionString,
    process: double,
    close: async () => {
      await double.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
