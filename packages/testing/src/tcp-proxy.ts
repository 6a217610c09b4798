import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * - `pass`: as if it were not there.
 * - `hold-answers`: requests go through, answers are kept back and dropped.
 * - `swallow-requests`: requests are taken and dropped.
 */
export type ProxyMode = 'pass' | 'hold-answers' | 'swallow-requests';

/** A TCP proxy on 127.0.0.1 by which a test decides what a network failure lets through. */
export interface TcpProxy {
  readonly port: number;
  mode: ProxyMode;
  /** How many chunks of requests have been taken and dropped, or let through while answers were held. */
  readonly interfered: () => number;
  /** Breaks every connection on the clients' side; with `keepServerSide`, the server does not learn of it. */
  cut(options?: { keepServerSide?: boolean }): void;
  close(): Promise<void>;
}

export async function tcpProxy(targetPort: number): Promise<TcpProxy> {
  const links = new Set<{ client: Socket; server: Socket }>();
  const orphans = new Set<Socket>();
  let mode: ProxyMode = 'pass';
  let interfered = 0;

  const listener = createServer((client) => {
    const server = connect(targetPort, '127.0.0.1');
    const link = { client, server };
    links.add(link);
    client.on('data', (chunk) => {
      if (mode !== 'pass') interfered += 1;
      if (mode !== 'swallow-requests') server.write(chunk);
    });
    server.on('data', (chunk) => {
      if (mode !== 'hold-answers' && !client.destroyed) client.write(chunk);
    });
    const end = () => {
      links.delete(link);
      client.destroy();
      if (!orphans.has(server)) server.destroy();
    };
    for (const socket of [client, server]) socket.on('error', end).on('close', end);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));

  const cut = ({ keepServerSide = false } = {}) => {
    for (const { client, server } of links) {
      if (keepServerSide) orphans.add(server);
      client.resetAndDestroy();
    }
  };
  return {
    port: (listener.address() as AddressInfo).port,
    get mode() {
      return mode;
    },
    set mode(next) {
      mode = next;
    },
    interfered: () => interfered,
    cut,
    close: async () => {
      cut();
      for (const server of orphans) server.destroy();
      await new Promise<void>((resolve) => listener.close(() => resolve()));
    },
  };
}
