import type { SqlTransaction } from '@monteore/messaging';
import type { JSONWebKeySet } from 'jose';
import type { KeptKeys } from './token-verifier.js';

export const keptKeysTables = `
  CREATE TABLE kept_keys (
    name text PRIMARY KEY,
    keys jsonb NOT NULL,
    kept_at timestamptz NOT NULL DEFAULT now()
  );`;

/** The last good copy of public keys, in the service's own database (architecture.md, Keys and rights). */
export const keptKeysIn = (database: SqlTransaction, name: string): KeptKeys => ({
  load: async () => {
    const rows = await database.query<{ keys: JSONWebKeySet }>('SELECT keys FROM kept_keys WHERE name = $1', [
      name,
    ]);
    return rows[0]?.keys ?? null;
  },
  save: async (keys) => {
    await database.query(
      `INSERT INTO kept_keys (name, keys) VALUES ($1, $2)
       ON CONFLICT (name) DO UPDATE SET keys = EXCLUDED.keys, kept_at = now()`,
      [name, JSON.stringify(keys)],
    );
  },
});
