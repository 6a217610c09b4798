import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A Postgres that is killed at the worst moment for whoever connects: right after it has said that it is ready. */
export interface DyingPostgres {
  readonly port: number;
  /** Where every connection is ended in the very packet that opens it. */
  readonly url: string;
  close(): Promise<void>;
}

const message = (type: string, body: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
};

const AUTHENTICATED = message('R', Buffer.alloc(4));
const READY = message('Z', Buffer.from('I'));
const FATAL = message(
  'E',
  Buffer.from('SFATAL\0C57P01\0Mterminating connection due to unexpected postmaster exit\0\0'),
);

/** `servedFirst`: the first connection goes to the server on this port; those after it die. */
export async function dyingPostgres(servedFirst?: number): Promise<DyingPostgres> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const isFirst = sockets.size === 0;
    sockets.add(socket);
    socket.on('error', () => {});
    if (servedFirst !== undefined && isFirst) {
      socket.pipe(connect(servedFirst, '127.0.0.1')).pipe(socket);
      return;
    }
    socket.once('data', () => socket.end(Buffer.concat([AUTHENTICATED, READY, FATAL])));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `postgres://somebody@127.0.0.1:${port}/somewhere`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
