import { setTimeout as pause } from 'node:timers/promises';
import type { ServiceName } from '@monteore/contracts';
import type { Logger } from 'pino';
import { clockFrom } from '../clock/test-clock.js';
import {
  type CommonValues,
  commonVariables,
  keyLocationOf,
  messagingOf,
  readServiceVariables,
} from '../configuring/service-variables.js';
import {
  type Environment,
  EnvironmentError,
  unknownVariables,
  type ValuesOf,
  type Variables,
} from '../configuring/variables.js';
import { serviceLogger } from '../logging/service-logger.js';
import {
  type RunningService,
  type ServiceDefinition,
  type ServiceSettings,
  startService,
} from '../service.js';
import { type DoorProblem, HttpDoor, sendDoorProblem, sendJson } from './http-door.js';

/** One service as a program of its own. */
export interface ServiceProgram<Own extends Variables> {
  readonly name: ServiceName;
  /** What it reads from its environment beside what every service reads. */
  readonly variables: Own;
  /** What is wrong between its own variables, one line each. */
  readonly faults?: (values: ValuesOf<Own>) => readonly string[];
  readonly define: (values: CommonValues & ValuesOf<Own>) => ServiceDefinition;
  readonly settings?: (values: CommonValues & ValuesOf<Own>) => Partial<ServiceSettings>;
}

const STOP_LIMIT_MILLISECONDS = 40_000;

/**
 * Runs one service until SIGTERM or SIGINT, and ends the process: with 0 after a stop in order, with 1 and the reason
 * on standard error when the configuration is wrong or the service cannot start; a second signal ends it at once.
 */
export async function runService<Own extends Variables>(program: ServiceProgram<Own>): Promise<never> {
  const { name } = program;
  const values = valuesOrEnd(program, process.env);
  const logger = serviceLogger(name, values.MONTEORE_LOG_LEVEL);
  for (const variable of unknownVariables({ ...commonVariables, ...program.variables }, process.env))
    logger.warn({ variable }, 'nothing reads this variable: is its name right?');
  const stopAsked = untilStopAsked(logger);
  try {
    const served = await serve(program, values, logger, stopAsked);
    const failure = await stopAsked;
    endWhenStuck(logger);
    await stop(served, values.MONTEORE_DRAIN_SECONDS, logger);
    process.exit(failure === null ? 0 : 1);
  } catch (error) {
    logger.fatal({ err: error }, `${name} cannot run: ${(error as Error).message}`);
    process.exit(1);
  }
}

function valuesOrEnd<Own extends Variables>(
  { name, variables, faults }: ServiceProgram<Own>,
  environment: Environment,
): CommonValues & ValuesOf<Own> {
  try {
    return readServiceVariables(variables, environment, faults);
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    process.stderr.write(`${name}: ${error.message}\n`);
    process.exit(1);
  }
}

/** Resolves with null at the first signal, or with the mistake that must end the process. */
function untilStopAsked(logger: Logger): Promise<Error | null> {
  return new Promise((resolve) => {
    let isAsked = false;
    for (const [signal, number] of [
      ['SIGINT', 2],
      ['SIGTERM', 15],
    ] as const) {
      process.on(signal, () => {
        if (isAsked) process.exit(128 + number);
        isAsked = true;
        logger.info({ signal }, 'stopping');
        resolve(null);
      });
    }
    // A program that started it and talks to it takes it along.
    if (process.channel !== undefined) {
      process.on('disconnect', () => resolve(null));
      process.channel?.unref();
    }
    process.on('uncaughtException', (error) => {
      isAsked = true;
      logger.fatal({ err: error }, 'a mistake of the program: stopping');
      resolve(error);
    });
  });
}

interface Served {
  readonly door: HttpDoor;
  readonly service: RunningService;
}

async function serve<Own extends Variables>(
  { define, settings }: ServiceProgram<Own>,
  values: CommonValues & ValuesOf<Own>,
  logger: Logger,
  stopAsked: Promise<unknown>,
): Promise<Served> {
  let service: RunningService | null = null;
  const door = await HttpDoor.listen(
    { host: values.MONTEORE_HOST, port: values.MONTEORE_PORT, what: 'HTTP', chosenWith: 'MONTEORE_PORT' },
    (request, response) => {
      if (service !== null) {
        door.watch(request, response);
        service.handle(request, response);
      } else if (request.url === '/health/live') sendJson(response, 200, { status: 'live' });
      else if (request.url === '/health/ready') sendJson(response, 503, { status: 'not ready' });
      else sendDoorProblem(response, STARTING);
    },
  );
  logger.info({ port: door.port }, 'listening');
  const started = startService(define(values), { ...commonSettings(values), ...settings?.(values) });
  service = await Promise.race([started, stopAsked.then(() => null)]);
  // A stop asked for before there is anything to stop.
  if (service === null) process.exit(0);
  return { door, service };
}

const commonSettings = (values: CommonValues): ServiceSettings => ({
  databaseUrl: values.MONTEORE_DATABASE_URL,
  ownerDatabaseUrl: values.MONTEORE_OWNER_DATABASE_URL,
  ...runtimeRoleOf(values),
  messaging: messagingOf(values),
  blobsUrl: values.MONTEORE_BLOBS_URL ?? values.MONTEORE_DATABASE_URL,
  installationSecret: values.MONTEORE_INSTALLATION_SECRET,
  keys: keyLocationOf(values, 'JWKS'),
  linkKeys: keyLocationOf(values, 'LINK_JWKS'),
  publicUrl: values.MONTEORE_PUBLIC_URL,
  clock: clockFrom(values.MONTEORE_TEST_CLOCK),
  logLevel: values.MONTEORE_LOG_LEVEL,
  ...(values.OTEL_EXPORTER_OTLP_ENDPOINT === undefined
    ? {}
    : { tracesEndpoint: values.OTEL_EXPORTER_OTLP_ENDPOINT }),
});

/** The role of the service's own address, where it is not the owner's. */
function runtimeRoleOf({
  MONTEORE_DATABASE_URL: own,
  MONTEORE_OWNER_DATABASE_URL: owner,
}: CommonValues): Pick<ServiceSettings, 'runtimeRole'> {
  const role = decodeURIComponent(new URL(own).username);
  return role === decodeURIComponent(new URL(owner).username) ? {} : { runtimeRole: role };
}

/** Not ready at once; then, when proxies had their time, what has begun is answered and the rest stops in order. */
async function stop({ door, service }: Served, drainSeconds: number, logger: Logger): Promise<void> {
  service.drain();
  await pause(drainSeconds * 1000);
  await door.close();
  await service.stop();
  logger.info('stopped');
}

function endWhenStuck(logger: Logger): void {
  setTimeout(() => {
    logger.error('something does not stop: ending at once');
    process.exit(1);
  }, STOP_LIMIT_MILLISECONDS).unref();
}

const STARTING: DoorProblem = {
  status: 503,
  code: 'service.starting',
  title: 'Not available right now',
  detail: 'The service is starting; try again in a moment.',
};
