import 'reflect-metadata';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { eventsTopicOf, peopleTopicOf, SERVICES, type ServiceName } from '@monteore/contracts';
import {
  APPEND_SENT_AGAIN,
  type EventStore,
  installPostgresEventStore,
  type StoredEvent,
} from '@monteore/event-store';
import { type Clock, randomId } from '@monteore/kernel';
import {
  Inbox,
  inboxTables,
  type MessageHandlers,
  type Messaging,
  type PublicForm,
  Relay,
  relayTables,
  sourceOf,
} from '@monteore/messaging';
import type { DynamicModule, INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory, Reflector } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { FastifyInstance } from 'fastify';
import pg from 'pg';
import type { DestinationStream, Logger } from 'pino';
import { AccessCopy, accessHandlers, accessTables } from './access/access-copy.js';
import { keptKeysIn, keptKeysTables } from './auth/kept-keys.js';
import { type KeyLocation, KeySource, TokenVerifier } from './auth/token-verifier.js';
import { Blobs } from './blobs/blobs.js';
import type { EventStoreSettings, MessagingSettings } from './configuring/service-variables.js';
import { OwnProjection, ownProjectionTables } from './database/own-projection.js';
import {
  type Migration,
  migrate,
  ServiceDatabase,
  type ServiceTransaction,
} from './database/service-database.js';
import { eventStoreOf, messagingFrom } from './drivers.js';
import { type DueHandler, dueTables, Sweeper } from './due/due-things.js';
import { mergeHandlers } from './handlers/merge-handlers.js';
import { AuthGuard } from './http/auth.guard.js';
import type { Freshness } from './http/command-context.js';
import { followRequests } from './http/following-requests.js';
import { guardFreshness } from './http/freshness-guard.js';
import { ProblemFilter } from './http/problem.filter.js';
import { schemaPipe } from './http/validation.js';
import { LinkVerifier } from './links/link-token.js';
import { withCorrelation } from './logging/correlation.js';
import { serviceLogger } from './logging/service-logger.js';
import { aroundAppends } from './metrics/around-appends.js';
import { measureBacklog } from './metrics/backlog.js';
import type { MetricsRegistry } from './metrics/registry.js';
import { ServiceMetrics, serveMetrics } from './metrics/service-metrics.js';
import { ServiceParts } from './operating/lag.js';
import { OperatingController } from './operating/operating.controller.js';
import { People, peopleHandlers, peopleTables } from './people/people.js';
import { ParkedKeysController, ServiceInbox } from './releasing-parked-keys/parked-keys.controller.js';
import { untilAnswered } from './starting/until-answered.js';
import { appendSpans, consumeSpan, workSpan } from './tracing/spans.js';
import { startTracing, type Tracing } from './tracing/tracing.js';

export interface ServiceSettings {
  readonly databaseUrl: string;
  /** The owner of the schemas, for migrations at start. */
  readonly ownerDatabaseUrl: string;
  /** The role in databaseUrl, when it is not the owner. */
  readonly runtimeRole?: string;
  readonly messaging: MessagingSettings;
  /** Default: in the service's own database. */
  readonly eventStore?: EventStoreSettings;
  readonly blobsUrl: string;
  /** From which ids of people are made. At least 32 characters. */
  readonly installationSecret: string;
  readonly keys: KeyLocation;
  /** Public keys of the links in mails, which only intake signs. */
  readonly linkKeys: KeyLocation;
  /** Where people reach the system; links in mails begin with it. No trailing slash. */
  readonly publicUrl: string;
  readonly clock: Clock;
  readonly sweepEveryMillis?: number;
  readonly logLevel?: string;
  /** Where log lines go. Default: standard error. */
  readonly logTo?: DestinationStream;
  /** Collector that traces are sent to (OTLP over HTTP). Absent: none are made. */
  readonly tracesEndpoint?: string;
}

/** What every service has, ready to use: handed to its module. */
export interface ServiceCore {
  readonly name: ServiceName;
  readonly settings: ServiceSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tracing: Tracing;
  readonly database: ServiceDatabase;
  readonly store: EventStore;
  readonly messaging: Messaging;
  readonly blobs: Blobs;
  readonly people: People;
  readonly access: AccessCopy;
  readonly links: LinkVerifier;
  readonly source: string;
  /** The place of the command's last public event, for Monteore-Position; null when nothing of it is public. */
  freshnessOf(events: readonly StoredEvent[]): Freshness | null;
}

export interface ServiceDefinition {
  readonly name: ServiceName;
  readonly migrations: readonly Migration[];
  /** True where one command makes several streams together, which not every event store can commit. */
  readonly commitsSeveralStreams?: true;
  /** Builds the Nest module around the core. */
  readonly module: (core: ServiceCore) => Type<unknown> | DynamicModule;
  readonly publish: (event: StoredEvent) => PublicForm | null;
  /** What is consumed of others (access and people are added for every service), by topic and type. */
  readonly handlers: (core: ServiceCore, app: INestApplicationContext) => MessageHandlers<ServiceTransaction>;
  /** Effects of messages were committed by this instance just now: for whoever tells readers without delay. */
  readonly onHandled?: (app: INestApplicationContext) => void;
  readonly projection?: (
    core: ServiceCore,
    app: INestApplicationContext,
  ) => {
    readonly project: (event: StoredEvent, tx: ServiceTransaction) => Promise<void>;
  };
  readonly due?: (core: ServiceCore, app: INestApplicationContext) => Readonly<Record<string, DueHandler>>;
  readonly alsoSweep?: (core: ServiceCore, app: INestApplicationContext) => readonly (() => Promise<void>)[];
  /** Content types whose body reaches the route as bytes, with their limit. */
  readonly rawBodies?: Readonly<Record<string, number>>;
  /** Starts what is not HTTP (listeners); its `stop` runs first at shutdown. */
  readonly startExtras?: (
    core: ServiceCore,
    app: INestApplicationContext,
  ) => Promise<{ stop(): Promise<void> }>;
}

export interface RunningService {
  readonly name: ServiceName;
  readonly app: NestFastifyApplication;
  readonly core: ServiceCore;
  readonly inbox: Inbox<ServiceTransaction>;
  readonly metrics: MetricsRegistry;
  handle(request: IncomingMessage, response: ServerResponse): void;
  isReady(): boolean;
  /** From now on it tells that it is not ready, and goes on answering. */
  drain(): void;
  stop(): Promise<void>;
}

const MAX_BODY_BYTES = 10 * 1024 * 1024;
const MAX_FORM_BYTES = 65_536;

const commonMigrations = (schema: string): Migration[] => [
  {
    name: 'CommonTables',
    sql: [
      accessTables,
      peopleTables,
      dueTables,
      inboxTables(schema),
      relayTables(schema),
      ownProjectionTables(schema),
      keptKeysTables,
    ].join('\n'),
  },
];

const storeSettingsOf = ({ eventStore = { driver: 'postgres' } }: ServiceSettings): EventStoreSettings =>
  eventStore;

/** Brings a service's schemas up to date; safe to run from several processes at every start. */
async function prepareSchemas(definition: ServiceDefinition, settings: ServiceSettings): Promise<void> {
  const { ownerDatabaseUrl: ownerUrl, runtimeRole } = settings;
  const role = runtimeRole === undefined ? {} : { runtimeRole };
  const migrations = [...commonMigrations(definition.name), ...definition.migrations];
  await migrate({ ownerUrl, schema: definition.name, migrations, ...role });
  if (storeSettingsOf(settings).driver !== 'postgres') return;
  const client = new pg.Client({ connectionString: ownerUrl, connectionTimeoutMillis: 2000 });
  await client.connect();
  try {
    await installPostgresEventStore(client, `${definition.name}_events`, role);
  } finally {
    await client.end();
  }
}

/**
 * At most 10 connections (architecture.md, Two ways to run it): 4 of the database, 2 of the store and 1 for its
 * signals, 1 of messaging and 1 that listens, 1 for blobs.
 */
async function makeCore(
  definition: ServiceDefinition,
  settings: ServiceSettings,
  metrics: ServiceMetrics,
): Promise<ServiceCore> {
  const { name } = definition;
  const logger = serviceLogger(name, settings.logLevel, settings.logTo);
  const tracing = await startTracing(name, settings.tracesEndpoint, logger);
  const database = await untilAnswered(() =>
    ServiceDatabase.connect({ url: settings.databaseUrl, schema: name }),
  );
  const store = aroundAppends(
    eventStoreOf(name, storeSettingsOf(settings), settings.databaseUrl, (problem, error) => {
      if (problem === APPEND_SENT_AGAIN) metrics.retried('append');
      logger.warn({ err: error }, problem);
    }),
    (appends, append) => metrics.timed(() => tracing.within(() => appendSpans(appends), append)),
  );
  if (definition.commitsSeveralStreams === true && !store.commitsSeveralStreams)
    throw new Error(
      `${name} makes several streams in one commit, which this event store cannot do: keep its events in Postgres`,
    );
  const messaging = await messagingFrom(name, settings.messaging);
  const source = sourceOf(name, await untilAnswered(() => store.storeId()));
  return {
    name,
    settings,
    clock: settings.clock,
    logger,
    tracing,
    database,
    store,
    messaging,
    blobs: new Blobs(settings.blobsUrl),
    people: new People(database, settings.installationSecret),
    access: new AccessCopy(database),
    links: new LinkVerifier(new KeySource(settings.linkKeys, keptKeysIn(database, 'links'))),
    source,
    freshnessOf: (events) => {
      const last = events.findLast((event) => definition.publish(event) !== null);
      return last === undefined
        ? null
        : { source, key: definition.publish(last)!.key, position: last.position };
    },
  };
}

/** What every service does with what others say, before its own part acts. */
const commonHandlers: MessageHandlers<ServiceTransaction> = {
  [eventsTopicOf('ledger')]: accessHandlers,
  ...Object.fromEntries(SERVICES.map((service) => [peopleTopicOf(service), peopleHandlers])),
};

/** Starts one service: migrations, application, relay, consumers, timers. Ready when all of them are. */
export async function startService(
  definition: ServiceDefinition,
  settings: ServiceSettings,
): Promise<RunningService> {
  await untilAnswered(() => prepareSchemas(definition, settings));
  const metrics = new ServiceMetrics(definition.name, settings.clock);
  const core = await makeCore(definition, settings, metrics);
  const { logger, tracing } = core;
  const app = await makeApplication(definition, core);
  const handlers = mergeHandlers(commonHandlers, definition.handlers(core, app));
  await core.messaging.ensureTopics([
    ...SERVICES.map((service) => ({ name: eventsTopicOf(service), compacted: false })),
    ...SERVICES.map((service) => ({ name: peopleTopicOf(service), compacted: true })),
  ]);
  // The ledger keeps its copy of rights from its own topic, as every other service does.
  const followsItself = handlers[eventsTopicOf(definition.name)] !== undefined;
  const inbox = new Inbox<ServiceTransaction>({
    database: core.database,
    subscriber: core.messaging,
    schema: definition.name,
    group: `monteore.${definition.name}`,
    handlers,
    onParked: (topic, message, error) =>
      logger.error({ topic, id: message.id, key: message.key, err: error }, 'a key was parked'),
    onUnknownSource: (topic, unknown) =>
      logger.error({ topic, source: unknown }, 'messages of an unknown source: consumption stopped'),
    onError: (error) => {
      metrics.retried('consume');
      logger.warn({ err: error }, 'consuming pauses');
    },
    onRetry: (topic, message, error) => {
      metrics.retried('consume');
      logger.info({ topic, id: message.id, err: error }, 'a message is tried again');
    },
    onHandled: (topic, messages) => {
      metrics.projected(
        topic,
        messages.map(({ time }) => time),
      );
      definition.onHandled?.(app);
    },
    around: (topic, messages, work) =>
      tracing.within(
        () => messages.map((message) => consumeSpan(topic, message)),
        () => {
          for (const { type, id, correlationId } of messages)
            withCorrelation(correlationId, () => logger.debug({ topic, type, id }, 'handling a message'));
          const [only, ...others] = messages;
          return only === undefined || others.length > 0 ? work() : withCorrelation(only.correlationId, work);
        },
      ),
  });
  app.get(ServiceInbox).current = inbox;
  const relay = new Relay({
    service: definition.name,
    store: core.store,
    publisher: tracing.publisher(core.messaging),
    database: core.database,
    schema: definition.name,
    topic: eventsTopicOf(definition.name),
    publish: definition.publish,
    onRetry: () => metrics.retried('relay'),
  });
  const ownProjection = definition.projection?.(core, app);
  const projection =
    ownProjection === undefined
      ? null
      : new OwnProjection({
          name: 'own',
          store: core.store,
          database: core.database,
          ...ownProjection,
          onProjected: (events) =>
            metrics.projected(
              'own',
              events.map(({ recordedAt }) => recordedAt),
            ),
        });
  const sweeper = new Sweeper({
    database: core.database,
    clock: core.clock,
    handlers: tracedDue(definition.due?.(core, app) ?? {}, tracing),
    everyMillis: settings.sweepEveryMillis ?? 250,
    onError: (error, thing) => {
      if (thing !== undefined) metrics.retried('due');
      logger.warn({ err: error, kind: thing?.kind }, 'a due thing waits');
    },
    alsoRun: [
      () => core.people.tell(definition.name, core.source, core.messaging),
      ...(definition.alsoSweep?.(core, app) ?? []),
    ],
  });

  let ready = false;
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  guardFreshness(fastify, core, inbox, projection, followsItself);
  addHealth(fastify, core, () => ready);
  const { database, messaging } = core;
  const topics = Object.keys(handlers);
  const operated = { service: definition.name, topics, database, messaging, relay };
  app.get(ServiceParts).current = operated;
  measureBacklog(metrics.registry, operated);
  serveMetrics(fastify, metrics.registry);
  await app.init();
  await fastify.ready();
  await untilAnswered(() => relay.start());
  await untilAnswered(async () => projection?.start());
  await untilAnswered(() => inbox.start());
  sweeper.start();
  const extras = await definition.startExtras?.(core, app);
  ready = true;
  logger.info('ready');

  return {
    name: definition.name,
    app,
    core,
    inbox,
    metrics: metrics.registry,
    handle: (request, response) => fastify.routing(request, response),
    isReady: () => ready,
    drain: () => {
      ready = false;
    },
    stop: async () => {
      ready = false;
      await extras?.stop();
      await sweeper.stop();
      await inbox.stop();
      await projection?.stop();
      await relay.stop();
      await app.close();
      await core.messaging.close();
      await core.store.close();
      await core.blobs.close();
      await core.database.close();
      await tracing.stop();
    },
  };
}

/** What becomes due begins a trace of its own. */
const tracedDue = (
  handlers: Readonly<Record<string, DueHandler>>,
  tracing: Tracing,
): Readonly<Record<string, DueHandler>> =>
  Object.fromEntries(
    Object.entries(handlers).map(([kind, handle]): [string, DueHandler] => [
      kind,
      (thing) =>
        tracing.within(
          () => [workSpan(`due ${kind}`)],
          () => handle(thing),
        ),
    ]),
  );

async function makeApplication(
  definition: ServiceDefinition,
  core: ServiceCore,
): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: MAX_BODY_BYTES,
    genReqId: (request: IncomingMessage) => {
      const given = request.headers['x-correlation-id'];
      return typeof given === 'string' && /^[\w-]{8,64}$/.test(given) ? given : randomId();
    },
    routerOptions: { maxParamLength: 4096 },
  });
  const app = await NestFactory.create<NestFastifyApplication>(
    withOperatorRoutes(definition.module(core)),
    adapter,
    {
      logger: false,
      abortOnError: false,
    },
  );
  const fastify = adapter.getInstance() as unknown as FastifyInstance;
  followRequests(fastify, core);
  // Fastify takes plain text unasked: it would be told as a bad body, and is a wrong content type.
  fastify.removeContentTypeParser('text/plain');
  app.useBodyParser('application/x-www-form-urlencoded', { bodyLimit: MAX_FORM_BYTES });
  for (const [type, bodyLimit] of Object.entries(definition.rawBodies ?? {})) {
    fastify.addContentTypeParser(type, { parseAs: 'buffer', bodyLimit }, (_request, body, done) =>
      done(null, body),
    );
  }
  app.useGlobalPipes(schemaPipe());
  app.useGlobalGuards(
    new AuthGuard(
      new Reflector(),
      new TokenVerifier(new KeySource(core.settings.keys, keptKeysIn(core.database, 'access'))),
      core.access,
    ),
  );
  app.useGlobalFilters(new ProblemFilter(core.logger));
  const document = SwaggerModule.createDocument(
    app,
    new DocumentBuilder()
      .setTitle(`Monteore ${definition.name}`)
      .setVersion('1')
      .addServer(`/api/${definition.name}`)
      .addBearerAuth()
      .build(),
  );
  fastify.get('/openapi.json', (_request, reply) => reply.send(document));
  return app;
}

class OperatedService {}

/** The service's module with what every service has for its operator. */
const withOperatorRoutes = (own: Type<unknown> | DynamicModule): DynamicModule => ({
  module: OperatedService,
  imports: [own],
  controllers: [ParkedKeysController, OperatingController],
  providers: [ServiceInbox, ServiceParts],
});

function addHealth(fastify: FastifyInstance, core: ServiceCore, isReady: () => boolean): void {
  fastify.get('/health/live', (_request, reply) => reply.send({ status: 'live' }));
  fastify.get('/health/ready', async (_request, reply) => {
    if (isReady()) {
      try {
        await core.database.query('SELECT 1');
        return reply.send({ status: 'ready' });
      } catch {
        core.logger.warn('the database does not answer');
      }
    }
    return reply.status(503).header('retry-after', '1').send({ status: 'not ready' });
  });
}
