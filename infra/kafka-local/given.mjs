// A broker that runs already: the one of KAFKA_BROKERS. It must hold no system of ours, and is left as it was found.
import { setTimeout as pause } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';

const LIMIT_MILLISECONDS = 30_000;
const isOurTopic = (name) => name.startsWith('monteore');
/** A group is named after who reads, and the topic. */
const isOurGroup = (name) => name.includes('monteore');

/** See startKafka. Throws Error when the broker holds a system, or is not there. */
export async function takeGivenKafka(brokers) {
  const kafka = new Kafka({ brokers, clientId: 'monteore-tests', logLevel: logLevel.NOTHING });
  const there = (await namesIn(kafka)).topics;
  if (there.length > 0)
    throw new Error(
      `the broker of KAFKA_BROKERS (${brokers}) holds the topics of a system, ${there[0]} among them: ` +
        'name one without topics that begin with «monteore», or remove them',
    );
  const notOurs = async () => {
    throw new Error('the broker of KAFKA_BROKERS is not ours to stop');
  };
  return {
    brokers,
    security: null,
    shutDown: notOurs,
    kill: notOurs,
    startAgain: notOurs,
    stop: () => clear(kafka),
  };
}

const namesIn = (kafka) =>
  asAdmin(kafka, async (admin) => ({
    topics: (await admin.listTopics()).filter(isOurTopic),
    groups: (await admin.listGroups()).groups.map(({ groupId }) => groupId).filter(isOurGroup),
  }));

/** Removes topics and groups until none is left: a member that was killed stays in its group for a while. */
async function clear(kafka) {
  const end = performance.now() + LIMIT_MILLISECONDS;
  for (;;) {
    const { topics, groups } = await namesIn(kafka);
    if (topics.length === 0 && groups.length === 0) return;
    if (performance.now() > end) throw new Error(`still on the broker: ${[...topics, ...groups].join(', ')}`);
    await asAdmin(kafka, async (admin) => {
      if (topics.length > 0) await admin.deleteTopics({ topics }).catch(() => {});
      if (groups.length > 0) await admin.deleteGroups(groups).catch(() => {});
    });
    await pause(500);
  }
}

async function asAdmin(kafka, work) {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}
