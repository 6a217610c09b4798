// The broker in a container, for machines with Docker and without Java and Maven: the same version, of the same image
// that docker-compose.yml names.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts, SETTINGS, untilItAnswers } from './broker.mjs';

const STOP_SECONDS = 20;

/** What is missing to run a broker this way, or null. */
export function missingForDocker() {
  const { status } = spawnSync('docker', ['version'], { stdio: 'ignore' });
  return status === 0 ? null : 'no Docker engine answers';
}

/** See startKafka. */
export async function startKafkaInDocker() {
  const [port] = await freePorts(1);
  const name = `monteore-kafka-${randomBytes(6).toString('hex')}`;
  docker(...containerArguments(name, port));
  // Whoever started it takes it along, however it ends.
  const remove = () => docker('rm', '--force', '--volumes', name);
  process.once('exit', remove);
  const launch = async () => {
    docker('start', name);
    await untilItAnswers(port, {
      isRunning: () => docker('inspect', '--format', '{{.State.Running}}', name).trim() === 'true',
      said: () => docker('logs', '--tail', '50', name),
    });
  };
  const stop = async () => {
    process.off('exit', remove);
    remove();
  };
  await launch().catch(async (error) => {
    await stop();
    throw error;
  });
  return {
    brokers: [`127.0.0.1:${port}`],
    security: null,
    shutDown: async () => void docker('stop', '--time', String(STOP_SECONDS), name),
    kill: async () => void docker('kill', name),
    startAgain: launch,
    stop,
  };
}

/** A container that is reached from this machine alone, at the port under which it is known to its clients. */
export const containerArguments = (name, port) => [
  'create',
  ...['--name', name, '--memory', '1g', '--publish', `127.0.0.1:${port}:${port}`],
  ...Object.entries({
    ...SETTINGS,
    listeners: `PLAINTEXT://:${port},CONTROLLER://localhost:29093`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.quorum.voters': '1@localhost:29093',
    'heap.opts': '-Xmx512m',
  }).flatMap(([property, value]) => ['--env', `${variableOf(property)}=${value}`]),
  image(),
];

/** As the image reads a property out of its environment. */
const variableOf = (property) => `KAFKA_${property.replaceAll('.', '_').toUpperCase()}`;

function image() {
  const pom = readFileSync(join(import.meta.dirname, 'pom.xml'), 'utf8');
  return `apache/kafka:${/<artifactId>kafka_[\d.]+<\/artifactId>\s*<version>([^<]+)/.exec(pom)[1]}`;
}

/** What the command printed. Throws Error with what it complained of. */
function docker(...args) {
  const { status, stdout, stderr } = spawnSync('docker', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`docker ${args[0]} failed: ${stderr}`);
  return args[0] === 'logs' ? `${stdout}${stderr}` : stdout;
}
