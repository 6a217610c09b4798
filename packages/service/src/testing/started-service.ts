import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventsTopicOf, peopleTopicOf, type ServiceName } from '@monteore/contracts';
import {
  type Clock,
  type Json,
  type Role,
  randomId,
  systemClock,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
} from '@monteore/kernel';
import {
  createPostgresMessaging,
  installPostgresMessaging,
  type Message,
  type Messaging,
} from '@monteore/messaging';
import pg from 'pg';
import { installBlobs } from '../blobs/blobs.js';
import { LinkSigner } from '../links/link-token.js';
import {
  type RunningService,
  type ServiceDefinition,
  type ServiceSettings,
  startService,
} from '../service.js';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>;
  readonly text: string;
  readonly bytes: Buffer;
  // biome-ignore lint/suspicious/noExplicitAny: what a route answered is asserted on, not typed
  readonly body: any;
}

/** A public message as another service would have published it. */
export interface Told {
  readonly topic: string;
  readonly message: Message;
}

/** Where the services' own files for tests are made: keys as an installation has them. */
async function makeKeys() {
  const directory = await mkdtemp(join(tmpdir(), 'monteore-service-'));
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const jwks = join(directory, 'jwks.json');
  const linkKey = join(directory, 'link.json');
  const jwk = (key: KeyObject) => ({ ...key.export({ format: 'jwk' }), kid: 'k', alg: 'EdDSA' });
  await writeFile(jwks, JSON.stringify({ keys: [jwk(publicKey)] }));
  await writeFile(linkKey, JSON.stringify(jwk(privateKey)));
  return { directory, jwks, linkKey, privateKey };
}

export type TestKeys = Awaited<ReturnType<typeof makeKeys>>;

/**
 * One service as it runs, alone, over a fresh database with the real messaging port, keys and tokens of its own.
 * What other services say is published by the test, on their topics.
 */
export class StartedService {
  private readonly positions = new Map<string, bigint>();

  private constructor(
    public service: RunningService,
    readonly messaging: Messaging,
    readonly links: LinkSigner,
    readonly keys: TestKeys,
    private readonly definition: ServiceDefinition,
    private readonly settings: ServiceSettings,
  ) {}

  static async start(options: {
    readonly definition: ServiceDefinition | ((keys: TestKeys) => ServiceDefinition);
    /** Of the owner. */
    readonly databaseUrl: string;
    /** The role that the service runs as, when it is not the owner. */
    readonly runtimeRole?: { readonly name: string; readonly url: string };
    readonly clock?: Clock;
    readonly publicUrl?: string;
    /** What an operator would see of it; nothing unless asked for. */
    readonly watched?: Pick<ServiceSettings, 'logLevel' | 'logTo' | 'tracesEndpoint'>;
  }): Promise<StartedService> {
    const {
      databaseUrl,
      runtimeRole,
      clock = systemClock,
      publicUrl = 'http://127.0.0.1',
      watched,
    } = options;
    const runtimeRoles = runtimeRole === undefined ? [] : [runtimeRole.name];
    const runtimeUrl = runtimeRole?.url ?? databaseUrl;
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    await installPostgresMessaging(client, 'messaging', { runtimeRoles });
    await installBlobs(client, 'blobs', runtimeRoles);
    await client.end();
    const keys = await makeKeys();
    const definition =
      typeof options.definition === 'function' ? options.definition(keys) : options.definition;
    const settings: ServiceSettings = {
      databaseUrl: runtimeUrl,
      ownerDatabaseUrl: databaseUrl,
      ...(runtimeRole === undefined ? {} : { runtimeRole: runtimeRole.name }),
      messaging: { driver: 'postgres', url: runtimeUrl },
      blobsUrl: runtimeUrl,
      installationSecret: 'x'.repeat(32),
      keys: { file: keys.jwks },
      linkKeys: { file: keys.jwks },
      publicUrl,
      clock,
      sweepEveryMillis: 20,
      logLevel: 'silent',
      ...watched,
    };
    return new StartedService(
      await startService(definition, settings),
      createPostgresMessaging({ connectionString: databaseUrl, pollMillis: 20 }),
      await LinkSigner.fromFile(keys.linkKey),
      keys,
      definition,
      settings,
    );
  }

  /** Stops the service and starts it anew over the same database. */
  async restart(): Promise<void> {
    await this.service.stop();
    this.service = await startService(this.definition, this.settings);
  }

  /** Another instance over the same database; whoever asked for it stops it. */
  another(): Promise<RunningService> {
    return startService(this.definition, this.settings);
  }

  async stop(): Promise<void> {
    await this.service.stop();
    await this.messaging.close();
    await rm(this.keys.directory, { recursive: true, force: true });
  }

  /** An event of another service, later than those before it. People come from a source of their own, as services tell them. */
  told(
    service: ServiceName,
    type: string,
    key: string,
    data: object,
    time = '2026-11-24T08:00:00.000Z',
  ): Told {
    const isOfPerson = type.startsWith('Person');
    const source = `monteore.${service}/test${isOfPerson ? '/people' : ''}`;
    const position = (this.positions.get(source) ?? 0n) + 1n;
    this.positions.set(source, position);
    const message: Message = {
      id: randomId(),
      source,
      type,
      key,
      position,
      time,
      data: data as Readonly<Record<string, Json>>,
      correlationId: randomId(),
    };
    return { topic: isOfPerson ? peopleTopicOf(service) : eventsTopicOf(service), message };
  }

  /** Publishes in the order given and waits until every effect is committed. */
  async publish(...told: readonly Told[]): Promise<void> {
    for (const { topic, message } of told) await this.messaging.publish(topic, [message]);
    for (const { message } of told) {
      if (!(await this.service.inbox.waitFor(message, 15_000)))
        throw new Error(`${message.type} ${message.id} was not consumed`);
    }
  }

  /** An access token as identity signs it. */
  token(role: Role, subject: string = role, scopes: readonly string[] = []): string {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: TOKEN_ISSUER,
      aud: TOKEN_AUDIENCE,
      sub: subject,
      role,
      scopes,
      iat: now,
      exp: now + 600,
    };
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
    const signed = `${encode({ alg: 'EdDSA', kid: 'k' })}.${encode(claims)}`;
    return `${signed}.${sign(null, Buffer.from(signed), this.keys.privateKey).toString('base64url')}`;
  }

  get(url: string, token?: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.call('GET', url, { headers, ...(token === undefined ? {} : { token }) });
  }

  async call(
    method: 'GET' | 'POST' | 'PATCH',
    url: string,
    more: {
      readonly token?: string;
      readonly body?: object | string;
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ): Promise<Answer> {
    const { token, body, headers } = more;
    const answer = await this.service.app.inject({
      method,
      url,
      headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
      ...(body === undefined ? {} : { payload: body }),
    });
    const isJson = String(answer.headers['content-type']).includes('json');
    return {
      status: answer.statusCode,
      headers: answer.headers,
      text: answer.payload,
      bytes: answer.rawPayload,
      body: isJson && answer.payload !== '' ? JSON.parse(answer.payload) : undefined,
    };
  }
}
