import {
  eventsTopicOf,
  integrationEvents,
  peopleEvents,
  peopleTopicOf,
  SERVICES,
  type ServiceName,
} from '../events/index.js';
import { inStableOrder } from './promised-schemas.js';

const BINDING_VERSION = '0.5.0';
/** Fixed when a topic is made: order is kept by key, and a key keeps its partition. */
const PARTITIONS = 24;

const CLIENT_KEY = "The client's id.";
const KEYS: Readonly<Record<ServiceName | 'people', string>> = {
  intake: "The client's id; the request's own id as long as it has no client.",
  estimation: CLIENT_KEY,
  ledger: CLIENT_KEY,
  reporting: CLIENT_KEY,
  identity: "The person's id.",
  people: "The person's id; the topic is compacted, and PersonErased replaces what was known.",
};

/** The topics and their messages as one AsyncAPI 3 document, beside the `schemas` it points to. */
export function asyncApiDocument(): object {
  const groups = { ...integrationEvents, people: peopleEvents };
  const messages = Object.entries(groups).flatMap(([group, types]) =>
    Object.keys(types).map((type) => [`${group}.${type}`, messageOf(group as keyof typeof groups, type)]),
  );
  const channels = SERVICES.flatMap((service) => [
    [
      `${service}-events`,
      channelOf(eventsTopicOf(service), service, Object.keys(integrationEvents[service])),
    ],
    [`${service}-people`, channelOf(peopleTopicOf(service), 'people', Object.keys(peopleEvents))],
  ]);
  return inStableOrder({
    asyncapi: '3.0.0',
    info: {
      title: 'Monteore: public events',
      version: '1.0.0',
      description:
        'What the services of Monteore tell each other and whoever else listens. Within v1 there are only ' +
        'additions: a consumer passes over types and ignores members that it does not know. Topics never expire: ' +
        'a message may be older than a member that was added, and lack it. At least once, in order by key.',
    },
    defaultContentType: 'application/cloudevents+json',
    channels: Object.fromEntries(channels),
    operations: Object.fromEntries(
      channels.map(([id]) => [`send-${id}`, { action: 'send', channel: { $ref: `#/channels/${id}` } }]),
    ),
    components: { messages: Object.fromEntries(messages) },
  }) as object;
}

function channelOf(address: string, group: ServiceName | 'people', types: readonly string[]): object {
  return {
    address,
    messages: Object.fromEntries(
      types.map((type) => [type, { $ref: `#/components/messages/${group}.${type}` }]),
    ),
    bindings: {
      kafka: {
        partitions: PARTITIONS,
        topicConfiguration: {
          'cleanup.policy': [group === 'people' ? 'compact' : 'delete'],
          'retention.ms': -1,
        },
        bindingVersion: BINDING_VERSION,
      },
    },
  };
}

function messageOf(group: ServiceName | 'people', type: string): object {
  return {
    name: type,
    payload: {
      allOf: [
        { $ref: './schemas/envelope.json' },
        {
          type: 'object',
          properties: { type: { const: type }, data: { $ref: `./schemas/${group}/${type}.json` } },
        },
      ],
    },
    correlationId: { location: '$message.payload#/correlationid' },
    bindings: {
      kafka: { key: { type: 'string', description: KEYS[group] }, bindingVersion: BINDING_VERSION },
    },
  };
}
