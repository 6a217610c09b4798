import { startDouble } from './server.js';

export interface ServerUnderTest {
  readonly connectionString: string;
  stop(): Promise<void>;
}

/** The real server of KURRENTDB_URL, or the double. For specs that must hold for both. */
export async function serverUnderTest(): Promise<ServerUnderTest> {
  const { KURRENTDB_URL } = process.env;
  if (KURRENTDB_URL === undefined) return startDouble();
  return { connectionString: KURRENTDB_URL, stop: async () => {} };
}
