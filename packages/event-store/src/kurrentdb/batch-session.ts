import type { BatchAppendReq, BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import type { Connection, Link } from './connection.js';
import { NoAnswerError } from './errors.js';

export interface SessionEvents {
  answered(response: BatchAppendResp): void;
  /** Once, when nothing more will be answered. */
  lost(error: Error): void;
}

/**
 * One call that carries appends and their answers. It knows its own appends only, so what happens to it touches no
 * other session, and an answer that comes after its end finds nobody instead of an error.
 */
export class BatchSession {
  #events: SessionEvents | undefined;

  private constructor(
    private readonly call: ClientDuplexStream<BatchAppendReq, BatchAppendResp>,
    private readonly link: Link,
    private readonly connection: Connection,
    events: SessionEvents,
  ) {
    this.#events = events;
    call.on('data', (response: BatchAppendResp) => this.#events?.answered(response));
    call.on('error', (error) => this.#lose(error));
    call.on('end', () => this.#lose(new NoAnswerError('the server ended the call')));
  }

  /** Throws NotReachedError when no server is found in the time given. */
  static async open(link: Link, limitMilliseconds: number, events: SessionEvents): Promise<BatchSession> {
    const connection = link.get();
    try {
      const streams = await connection.streams(limitMilliseconds);
      const call = streams.batchAppend(...connection.callArguments());
      return new BatchSession(call, link, connection, events);
    } catch (error) {
      link.drop(connection);
      throw error;
    }
  }

  send(request: BatchAppendReq): void {
    this.call.write(request);
  }

  /** Ends it: neither an answer nor the loss is told any more. */
  abandon(): void {
    this.#events = undefined;
    this.call.cancel();
    this.link.drop(this.connection);
  }

  #lose(error: Error): void {
    const events = this.#events;
    if (events === undefined) return;
    this.abandon();
    events.lost(error);
  }
}
