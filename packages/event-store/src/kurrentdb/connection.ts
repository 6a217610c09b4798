import { EventStoreDBClient } from '@eventstore/db-client';
import type { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { type CallOptions, type Channel, connectivityState, type Metadata } from '@grpc/grpc-js';
import { NotReachedError } from './errors.js';
import { clientConnectionString } from './naming.js';

/** What the client does not declare as its own to use; the exact version is pinned (docs/adr/0015-kurrentdb-driver.md). */
interface ClientInternals {
  getGRPCClient(kind: typeof StreamsClient, name: string): Promise<StreamsClient>;
  getChannel(): Promise<Channel>;
  callArguments(options: object, callOptions: CallOptions): [Metadata, CallOptions];
}

const KEEP_ALIVE_TIMEOUT_MILLISECONDS = 10_000;
const DISTINCT_CONNECTIONS = 5_000;
/** A channel that is closed while it connects leaves its socket behind until the server answers or goes. */
const CONNECT_PATIENCE_MILLISECONDS = 30_000;
let made = 0;

/**
 * One connection to the server, used until something fails on it. The client serves for what is around the calls:
 * connection strings, certificates, credentials, finding the leader. The calls themselves are the driver's own.
 */
export class Connection {
  readonly #client: ClientInternals;
  readonly #since = performance.now();
  #streams: Promise<StreamsClient> | undefined;
  #channel: ReturnType<StreamsClient['getChannel']> | undefined;
  #closed = false;

  constructor(connectionString: string) {
    this.#client = EventStoreDBClient.connectionString(
      withConnectionOfItsOwn(clientConnectionString(connectionString)),
    ) as unknown as ClientInternals;
  }

  /** Throws NotReachedError when no server is found in the time given; the connection is of no use then. */
  async streams(limitMilliseconds: number): Promise<StreamsClient> {
    this.#streams ??= this.#client.getGRPCClient(streamsGrpc.StreamsClient, 'streams');
    let expiry: NodeJS.Timeout | undefined;
    const tooLong = new Promise<never>((_, reject) => {
      expiry = setTimeout(() => reject(new Error(`none in ${limitMilliseconds} ms`)), limitMilliseconds);
    });
    try {
      const streams = await Promise.race([this.#streams, tooLong]);
      this.#channel = streams.getChannel();
      return streams;
    } catch (cause) {
      throw new NotReachedError(`no server was found: ${(cause as Error).message}`, { cause });
    } finally {
      clearTimeout(expiry);
    }
  }

  /** For a call without an end: time limits are its caller's. */
  callArguments(): [Metadata, CallOptions] {
    return this.#client.callArguments({}, { deadline: Number.POSITIVE_INFINITY });
  }

  /** There was no answer because there is no connection yet, and it is not for long that it has been tried. */
  isStillConnecting(): boolean {
    return (
      this.#channel?.getConnectivityState(false) === connectivityState.CONNECTING &&
      performance.now() - this.#since < CONNECT_PATIENCE_MILLISECONDS
    );
  }

  /** Calls under way end by themselves or are cancelled by who made them. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#streams === undefined) return;
    this.#streams.then(
      async () => (await this.#client.getChannel()).close(),
      () => {},
    );
  }
}

/**
 * All channels of a process that have equal settings share one TCP connection, whichever client made them, and with
 * it the 100 calls that it carries and its pauses between attempts. A time-out of its own keeps each apart.
 */
function withConnectionOfItsOwn(connectionString: string): string {
  const given = /[?&]keepAliveTimeout=(-?\d+)/i.exec(connectionString)?.[1];
  const base = given === undefined ? KEEP_ALIVE_TIMEOUT_MILLISECONDS : Number(given);
  made += 1;
  const timeout = (base < 0 ? 1_000_000_000 : base) + (made % DISTINCT_CONNECTIONS);
  return `${connectionString}${connectionString.includes('?') ? '&' : '?'}keepAliveTimeout=${timeout}`;
}

/** Keeps one connection open, and makes a new one after a failure. */
export class Link {
  #current: Connection | undefined;
  #closed = false;

  constructor(private readonly connectionString: string) {
    // A connection string that cannot be read is told at once; nothing is opened yet.
    this.#current = new Connection(connectionString);
  }

  get(): Connection {
    this.#current ??= new Connection(this.connectionString);
    return this.#current;
  }

  /** After a failure: the next `get` gives another, unless this one has not had the time to be made. */
  drop(connection: Connection): void {
    if (connection !== this.#current || (!this.#closed && connection.isStillConnecting())) return;
    this.#current = undefined;
    connection.close();
  }

  close(): void {
    this.#closed = true;
    if (this.#current !== undefined) this.drop(this.#current);
  }
}
