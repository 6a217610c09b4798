// A Kafka broker (KRaft, one node) for tests and development: the one of KAFKA_BROKERS; else one on free loopback ports
// with data of its own, run by Java 17 from jars that Maven fetches, or by Docker where these are missing.
// As a command it prints `KAFKA_BROKERS=…` when the broker answers, and stops it at Ctrl-C.
import { fileURLToPath } from 'node:url';
import { missingForJars, startKafkaFromJars } from './from-jars.mjs';
import { takeGivenKafka } from './given.mjs';
import { missingForDocker, startKafkaInDocker } from './in-docker.mjs';

const { KAFKA_BROKERS } = process.env;

/** True when the broker is one that already runs, and that nobody here may stop. */
export const isKafkaGiven = () => KAFKA_BROKERS !== undefined && KAFKA_BROKERS !== '';

/** What is missing to have a broker here, or null. One with `secured` is always run by Java. */
export function missingForKafka({ secured = false } = {}) {
  if (isKafkaGiven() && !secured) return null;
  const jars = missingForJars();
  if (jars === null || secured) return jars;
  const docker = missingForDocker();
  return docker === null ? null : `${jars}, and ${docker}`;
}

/**
 * Resolves with a broker that answers; with `secured` it also listens with TLS and SASL, under a certificate and
 * passwords of its own, which `security` says. `stop()` ends it and removes its data; `shutDown()` and `kill()` only end
 * it, and `startAgain()` brings it back, with its data, at the same address. Throws Error that says why there is none.
 */
export async function startKafka({ secured = false } = {}) {
  if (isKafkaGiven() && !secured) return takeGivenKafka(KAFKA_BROKERS.split(','));
  if (missingForJars() === null) return startKafkaFromJars({ secured });
  const missing = missingForKafka({ secured });
  if (missing !== null) throw new Error(`there is no Kafka: ${missing}`);
  return startKafkaInDocker();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { brokers, stop } = await startKafka();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop().then(() => process.exit(0)));
  process.stdout.write(`KAFKA_BROKERS=${brokers.join(',')}\n`);
}
