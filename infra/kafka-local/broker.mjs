// What a broker for tests is set to, wherever it runs, and how it is seen to answer.
import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

const START_LIMIT_MILLISECONDS = 120_000;

/** Properties of one node that is broker and controller; where it listens and keeps its data is not among them. */
export const SETTINGS = Object.freeze({
  'process.roles': 'broker,controller',
  'node.id': 1,
  'controller.listener.names': 'CONTROLLER',
  'auto.create.topics.enable': false,
  'default.replication.factor': 1,
  'offsets.topic.replication.factor': 1,
  'offsets.topic.num.partitions': 4,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'share.coordinator.state.topic.replication.factor': 1,
  'share.coordinator.state.topic.min.isr': 1,
  'group.initial.rebalance.delay.ms': 0,
  'log.cleaner.dedupe.buffer.size': 16_777_216,
});

/** Resolves when the broker answers. Throws Error with what it said when it ends before, or does not in two minutes. */
export async function untilItAnswers(port, { isRunning, said }) {
  const limit = performance.now() + START_LIMIT_MILLISECONDS;
  while (!(await answers(port))) {
    if (!isRunning() || performance.now() > limit)
      throw new Error(`the Kafka broker did not start; it said:\n${said().slice(-4000)}`);
    await pause(200);
  }
}

export async function freePorts(count) {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise((resolve) => {
          const server = createServer().listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** True when the broker answers the protocol's first question (ApiVersions, version 0). */
function answers(port) {
  const request = Buffer.from('0000000a00120000000000000000', 'hex');
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    const say = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket
      .once('data', () => say(true))
      .once('error', () => say(false))
      .once('close', () => say(false));
    socket.setTimeout(2000, () => say(false));
  });
}
