import gossipGrpc from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import gossipPb from '@eventstore/db-client/generated/gossip_pb.js';
import featuresGrpc from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import featuresPb from '@eventstore/db-client/generated/serverfeatures_pb.js';
import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import streamsGrpc, { type IStreamsServer } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import { append, batchAppend } from './appending.js';
import { softDelete, tombstone } from './deleting.js';
import { Log } from './log.js';
import { callError } from './messages.js';
import { read } from './reading.js';

export interface DoubleOptions {
  /** 0, or nothing: any that is free. */
  readonly port?: number;
  /** Keeps the log there, so that it survives the death of the process; in memory without. */
  readonly directory?: string;
}

export interface RunningDouble {
  readonly port: number;
  /** As the client reads it. */
  readonly connectionString: string;
  /** Those subscriptions that are open bring nothing more, without a word; later ones do. */
  forgetSubscriptions(): void;
  /** Ends all open calls as if they were done, as a server that empties its connections. */
  endCalls(): void;
  /** As a server that is told to stop: what is under way fails with an internal error. */
  stop(): Promise<void>;
}

/** As many calls as one connection to a real server carries. */
const CALLS_ON_A_CONNECTION = 100;
/** What it gives itself out for. */
const SERVER_VERSION = '23.10.8';

interface OpenCall {
  end(): void;
  emit(event: 'error', error: Error): boolean;
  on(event: 'close' | 'finish' | 'cancelled', listener: () => void): unknown;
}

/**
 * Speaks EventStoreDB's protocol over a log of its own, on the loopback interface, as far as the event store's driver
 * and its tests need it, and behaves as a real server was seen to. For tests only.
 */
export async function startDouble({ port = 0, directory }: DoubleOptions = {}): Promise<RunningDouble> {
  const log = await Log.open(directory);
  const server = new Server({
    'grpc.max_concurrent_streams': CALLS_ON_A_CONNECTION,
    'grpc.max_receive_message_length': 17 * 1024 * 1024,
  });
  const open = new Set<OpenCall>();
  const track = (call: OpenCall) => {
    open.add(call);
    for (const event of ['close', 'finish', 'cancelled'] as const) call.on(event, () => open.delete(call));
  };
  let forgotten = 0;
  const streams: IStreamsServer = {
    read: (call) => {
      track(call);
      const begun = forgotten;
      void read(log, call, () => begun < forgotten);
    },
    batchAppend: (call) => {
      track(call);
      batchAppend(log, call);
    },
    append: (call, callback) => append(log, call, callback),
    delete: (call, callback) => void softDelete(log, call, callback),
    tombstone: (call, callback) => void tombstone(log, call, callback),
  };
  server.addService(streamsGrpc.StreamsService, streams);
  server.addService(featuresGrpc.ServerFeaturesService, {
    getSupportedMethods: (_: unknown, callback: (error: null, answer: object) => void) =>
      callback(null, supportedMethods()),
  });
  const bound = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, actual) =>
      error === null ? resolve(actual) : reject(error),
    ),
  );
  server.addService(gossipGrpc.GossipService, {
    read: (_: unknown, callback: (error: null, answer: object) => void) =>
      callback(null, aloneInItsCluster(bound)),
  });
  return {
    port: bound,
    connectionString: `esdb://127.0.0.1:${bound}?tls=false`,
    forgetSubscriptions: () => {
      forgotten += 1;
    },
    endCalls: () => {
      for (const call of open) call.end();
    },
    stop: async () => {
      for (const call of open) call.emit('error', callError(status.INTERNAL, 'the server is stopping'));
      await new Promise<void>((resolve) => {
        const force = setTimeout(() => {
          server.forceShutdown();
          resolve();
        }, 200);
        server.tryShutdown(() => {
          clearTimeout(force);
          resolve();
        });
      });
      await log.close();
    },
  };
}

function supportedMethods(): object {
  const answer = new featuresPb.SupportedMethods();
  answer.setEventStoreServerVersion(SERVER_VERSION);
  answer.setMethodsList(
    Object.keys(streamsGrpc.StreamsService).map((name) => {
      const method = new featuresPb.SupportedMethod();
      method.setServiceName('event_store.client.streams.streams');
      method.setMethodName(name.toLowerCase());
      return method;
    }),
  );
  return answer;
}

function aloneInItsCluster(port: number): object {
  const endPoint = new gossipPb.EndPoint();
  endPoint.setAddress('127.0.0.1');
  endPoint.setPort(port);
  const id = new sharedPb.UUID();
  id.setString(crypto.randomUUID());
  const member = new gossipPb.MemberInfo();
  member.setInstanceId(id);
  member.setTimeStamp(String(Date.now()));
  member.setState(gossipPb.MemberInfo.VNodeState.LEADER);
  member.setIsAlive(true);
  member.setHttpEndPoint(endPoint);
  const cluster = new gossipPb.ClusterInfo();
  cluster.setMembersList([member]);
  return cluster;
}
