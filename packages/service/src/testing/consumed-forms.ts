import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SERVICES } from '@monteore/contracts';
import { derivedId } from '@monteore/kernel';
import { type Effects, effectsOf } from './effects.js';
import {
  type EventForm,
  FedConsumer,
  type FedConsumerOptions,
  LATER_TYPE,
  sourceOn,
} from './fed-consumer.js';

export interface ConsumedFormsOptions extends FedConsumerOptions {
  readonly name: string;
  /** The key of what is told in types that nobody knows: one that the story goes on with. */
  readonly key: string;
  /**
   * Tells every consumed type at least once, where it has its effect, but for people, whom every service hears of; may
   * act through the service in between.
   */
  readonly story: (consumer: FedConsumer) => Promise<void>;
  /** The names of what the service itself records in the story, in order: that the story has its effects. */
  readonly facts: readonly string[];
  /** Columns, as `table.column`, that differ from run to run. */
  readonly volatile?: readonly string[];
  /** What only optional members bring about, by a part of its row's or fact's name: the oldest form lacks it. */
  readonly ofOptionalMembers?: readonly string[];
}

interface Run {
  readonly consumer: FedConsumer;
  readonly effects: Effects;
  /** Where the types that nobody knows were told first, by topic. */
  readonly laterTypes: ReadonlyMap<string, bigint>;
}

/** What a consumer makes of older and newer forms of all that it consumes (docs/adr/0014-public-events.md). */
export function describeConsumedForms(options: ConsumedFormsOptions): void {
  describe(`what ${options.name} consumes, older and newer`, () => {
    let today: Run;
    let newer: Run;
    let oldest: Run;

    beforeAll(async () => {
      today = await run('today', options);
      newer = await run('newer', options);
      oldest = await run('oldest', options);
    }, 120_000);
    afterAll(async () => {
      for (const run of [today, newer, oldest]) await run?.consumer.stop();
    });

    test('every type with a handler is told here', () => {
      const { told, started } = today.consumer;
      for (const [topic, types] of started.service.inbox.consumedTypes())
        expect([topic, [...(told.get(topic) ?? [])].sort()]).toEqual([topic, [...types].sort()]);
    });

    test('acts on them', () => {
      expect(today.effects.facts).toEqual(options.facts);
    });

    test('members, roles and attributes that it does not know change nothing', () => {
      expect(Object.fromEntries(newer.effects.all)).toEqual(Object.fromEntries(today.effects.all));
    });

    test('with nothing but what was promised, the same things come to be', () => {
      const { ofOptionalMembers = [] } = options;
      const isOptional = (name: string) => ofOptionalMembers.some((part) => name.includes(part));
      expect([...oldest.effects.all.keys()].sort()).toEqual(
        [...today.effects.all.keys()].filter((name) => !isOptional(name)).sort(),
      );
    });

    test('a type that it does not know is noted with where it was told first', async () => {
      const { started } = newer.consumer;
      const noted = await started.service.core.database.query(
        'SELECT topic, source, first_position FROM ignored_types WHERE type = $1',
        [LATER_TYPE],
      );
      const expected = [...newer.laterTypes].map(([topic, position]) => ({
        topic,
        source: sourceOn(topic),
        first_position: String(position),
      }));
      expect(expected.length).toBeGreaterThan(0);
      expect(noted).toHaveLength(expected.length);
      expect(noted).toEqual(expect.arrayContaining(expected));
    });

    test('nothing is parked', async () => {
      for (const { consumer } of [today, newer, oldest])
        expect(await consumer.started.service.inbox.parked.list()).toEqual([]);
    });
  });
}

async function run(form: EventForm, options: ConsumedFormsOptions): Promise<Run> {
  const consumer = await FedConsumer.start(form, options);
  try {
    const laterTypes = await consumer.beginWithLaterTypes(options.key);
    await tellPeople(consumer);
    await options.story(consumer);
    const effects = await effectsOf(consumer.started.service, options.volatile);
    return { consumer, effects, laterTypes };
  } catch (error) {
    await consumer.stop();
    throw error;
  }
}

/** Somebody who is known and somebody who is forgotten, from every service. */
async function tellPeople(consumer: FedConsumer): Promise<void> {
  for (const service of SERVICES) {
    const [known, forgotten] = [derivedId('known', service), derivedId('forgotten', service)];
    for (const personId of [known, forgotten]) await consumer.tellPerson(service, 'PersonKnown', personId);
    await consumer.tellPerson(service, 'PersonErased', forgotten);
  }
}
