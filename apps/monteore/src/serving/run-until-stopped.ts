import type { Settings } from '../reading-settings/settings.js';
import { type Instance, startInstance } from './instance.js';

/** Ctrl-C in a terminal reaches a program several times: by the terminal, by npm, by the script that started it. */
const ECHO_MILLISECONDS = 500;
const STOP_LIMIT_MILLISECONDS = 40_000;

const tell = (line: string) => process.stderr.write(`${line}\n`);

/**
 * Runs Monteore until SIGINT, SIGTERM, or the end of the script that started it; a second signal ends it at once.
 * Resolves when everything has been stopped in order. Throws what kept it from starting.
 */
export async function runUntilStopped(settings: Settings): Promise<void> {
  // Whoever reads our output may go before us.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  let abandon = () => {};
  let stopAskedAt: number | undefined;
  let askToStop: (failure?: Error) => void = () => {};
  const stopAsked = new Promise<Error | undefined>((resolve) => {
    askToStop = (failure) => {
      stopAskedAt ??= performance.now();
      resolve(failure);
    };
  });
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ] as const) {
    process.on(signal, () => {
      if (stopAskedAt === undefined) {
        tell('Stopping (again to end at once) …');
        askToStop();
      } else if (performance.now() - stopAskedAt > ECHO_MILLISECONDS) {
        abandon();
        process.exit(128 + number);
      }
    });
  }
  process.on('uncaughtException', (error) => {
    tell(`A mistake of the program: ${error.stack}`);
    askToStop(error);
  });
  if (process.channel !== undefined) {
    process.on('disconnect', () => askToStop());
    process.channel?.unref();
  }
  const instance = await startInstance(settings, {
    report: tell,
    onFatal: (reason) => askToStop(new Error(reason)),
    onAbandonable: (how) => {
      abandon = how;
    },
  });
  if (stopAskedAt === undefined) process.stdout.write(greeting(settings, instance));
  const failure = await stopAsked;
  // It also keeps the process alive while only an unreferenced Postgres is waited for.
  setTimeout(() => {
    tell('Something does not stop; ending at once.');
    abandon();
    process.exit(1);
  }, STOP_LIMIT_MILLISECONDS);
  await instance.stop();
  tell('Stopped.');
  if (failure !== undefined) throw failure;
}

function greeting(settings: Settings, instance: Instance): string {
  const { data, host, smtpUrl } = settings;
  const { publicUrl, httpPort, smtpPort, adminToken, databaseDirectory } = instance;
  const database = databaseDirectory.startsWith(data) ? '' : ` (the database is in ${databaseDirectory})`;
  const out = smtpUrl === undefined ? `files in ${data}/outbox` : `through ${withoutPassword(smtpUrl)}`;
  return `Monteore is ready.
  HTTP       http://${host}:${httpPort} (people reach it at ${publicUrl})
  Mails in   SMTP on ${host}:${smtpPort}
  Mails out  ${out}
  Data       ${data}${database}
  Access token of the administrator, until ${adminToken.validUntil} (a fresh one is always in ${data}/admin-token):
${adminToken.token}
`;
}

function withoutPassword(url: string): string {
  const shown = new URL(url);
  shown.password = '';
  return shown.toString();
}
