import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP proxy on 127.0.0.1 that takes from the server only what the client takes, and counts. */
export interface CountingProxy {
  readonly port: number;
  /** What has come from the server. */
  bytes(): number;
  /** How many a client holds open. */
  connections(): number;
  close(): Promise<void>;
}

export async function countingProxy(target: number): Promise<CountingProxy> {
  let bytes = 0;
  const clients = new Set<Socket>();
  const listener = createServer((client) => {
    const server = connect(target, '127.0.0.1');
    clients.add(client);
    server.on('data', (chunk) => {
      bytes += chunk.length;
    });
    client.pipe(server).pipe(client);
    for (const socket of [client, server]) socket.on('error', () => {});
    // A frozen server does not close its side.
    client.on('end', () => clients.delete(client));
    client.on('close', () => {
      clients.delete(client);
      server.destroy();
    });
    server.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return {
    port: (listener.address() as AddressInfo).port,
    bytes: () => bytes,
    connections: () => clients.size,
    close: async () => {
      for (const client of clients) client.destroy();
      await new Promise<void>((resolve) => listener.close(() => resolve()));
    },
  };
}
