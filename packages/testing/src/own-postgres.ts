import { randomBytes } from 'node:crypto';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@monteore/embedded-postgres';
import { newDataDir, noteDataDir, TEST_SETTINGS } from './run-directory.js';

/** A server that a test stops and kills as it likes. It keeps its port and its data. */
export interface OwnPostgres {
  readonly port: number;
  readonly adminUrl: (database?: string) => string;
  /** Ends it as an operator would: sessions are told. */
  stop(): Promise<void>;
  /** Ends it as a power cut would (data in the system's cache survives). */
  kill(): Promise<void>;
  /** Starts it again after `stop` or `kill`. */
  start(): Promise<void>;
}

export async function ownPostgres(settings: Readonly<Record<string, string>> = {}): Promise<OwnPostgres> {
  const dataDir = await newDataDir('own');
  const password = randomBytes(12).toString('hex');
  const launch = (port?: number) =>
    startEmbeddedPostgres({ dataDir, password, port, settings: { ...TEST_SETTINGS, ...settings } });
  let server: EmbeddedPostgres = await launch();
  if (server.dataDir !== dataDir) await noteDataDir(server.dataDir);
  const { port } = server;
  return {
    port,
    adminUrl: (database = 'postgres') => server.adminUrl(database),
    stop: () => server.stop(),
    kill: async () => {
      process.kill(server.pid, 'SIGKILL');
      await server.stop();
    },
    start: async () => {
      server = await launch(port);
    },
  };
}
