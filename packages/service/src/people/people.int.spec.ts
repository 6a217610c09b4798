import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { peopleTopicOf } from '@monteore/contracts';
import { eventually, type TestDatabase, testDatabase } from '@monteore/testing';
import { Module } from '@nestjs/common';
import type { ServiceDefinition } from '../service.js';
import { StartedService } from '../testing/started-service.js';

@Module({})
class Nothing {}

const definitionOf = (name: ServiceDefinition['name']): ServiceDefinition => ({
  name,
  migrations: [],
  module: () => Nothing,
  publish: () => null,
  handlers: () => ({}),
});

let database: TestDatabase;
let ledger: StartedService;
let intake: StartedService;
beforeAll(async () => {
  database = await testDatabase();
  ledger = await StartedService.start({ definition: definitionOf('ledger'), databaseUrl: database.url });
  intake = await StartedService.start({ definition: definitionOf('intake'), databaseUrl: database.url });
}, 60_000);
afterAll(async () => {
  await ledger.stop();
  await intake.stop();
  await database.drop();
});

const people = (service: StartedService) => service.service.core.people;
const known = async (service: StartedService, personId: string) =>
  (await people(service).find([personId])).get(personId);
const anna = (clientId: string) => ({
  personId: people(ledger).contactId(clientId, 'Anna@Comune.example'),
  kind: 'contact' as const,
  clientId,
  name: 'Anna',
  email: 'Anna@Comune.example',
  language: 'en' as const,
});
/** What the log holds of a person, in the newest form of each topic. */
const toldOf = async (personId: string) =>
  (
    await ledger.service.core.database.query<{ event: string }>(
      'SELECT event FROM messaging.latest WHERE key = $1',
      [personId],
    )
  ).map(({ event }) => event);

describe('people', () => {
  it('have the same id everywhere, whatever the letter case, and another one with each client', () => {
    const clientId = randomUUID();
    expect(people(intake).contactId(clientId, ' anna@comune.EXAMPLE ')).toBe(
      people(ledger).contactId(clientId, 'Anna@comune.example'),
    );
    expect(people(ledger).contactId(randomUUID(), 'a@b.example')).not.toBe(
      people(ledger).contactId(clientId, 'a@b.example'),
    );
  });

  it('spread to every service, and what is said anew replaces what was said', async () => {
    const person = anna(randomUUID());
    await people(ledger).remember(person);
    await eventually(() => known(intake, person.personId), 'Anna at intake');
    await people(ledger).remember({ personId: person.personId, kind: 'contact', name: 'Anna B.' });
    const changed = await eventually(async () => {
      const found = await known(intake, person.personId);
      return found?.name === 'Anna B.' ? found : undefined;
    }, 'the new name');
    expect(changed).toEqual({ ...person, name: 'Anna B.', email: 'anna@comune.example', erased: false });
    expect((await people(intake).byEmail('ANNA@comune.example')).map(({ personId }) => personId)).toContain(
      person.personId,
    );
  });

  it('are told once a change, and the outbox keeps one row a person', async () => {
    const person = anna(randomUUID());
    const rows = () =>
      ledger.service.core.database.query(
        'SELECT told_at IS NOT NULL AS told FROM people_outbox WHERE person_id = $1',
        [person.personId],
      );
    for (const name of ['Anna', 'Anna B.', 'Anna C.']) {
      await people(ledger).remember({ ...person, name });
      await eventually(async () => (await rows()).every(({ told }) => told), 'the telling');
    }
    expect(await rows()).toEqual([{ told: true }]);
  });

  it('of the team are shown as they were named', async () => {
    const id = await people(ledger).rememberTeamMember('luca@agenzia.example');
    const named = await people(ledger).rememberTeamMember('Mario');
    const labels = await people(ledger).labels([id, named]);
    expect([labels(id), labels(named), labels('unknown'), labels(undefined)]).toEqual([
      'luca@agenzia.example',
      'Mario',
      'unknown',
      undefined,
    ]);
    expect(await people(ledger).rememberTeamMember(id)).toBe(id);
  });

  it('are erased for good: here, at the others, and in what both have told', async () => {
    const person = anna(randomUUID());
    await people(ledger).remember(person);
    await eventually(() => known(intake, person.personId), 'Anna at intake');
    await people(intake).remember({ ...person, name: 'Anna of intake' });
    await eventually(async () => (await toldOf(person.personId)).length === 2, 'both told');
    await people(ledger).erase(person.personId);
    await eventually(async () => {
      const told = await toldOf(person.personId);
      return told.length === 2 && told.every((event) => event.includes('PersonErased'));
    }, 'two tombstones');
    expect((await toldOf(person.personId)).join()).not.toMatch(/anna/i);
    const tombstone = { personId: person.personId, kind: 'contact', clientId: person.clientId, erased: true };
    expect(await known(ledger, person.personId)).toEqual(tombstone);
    await eventually(async () => (await known(intake, person.personId))?.erased, 'the tombstone at intake');
    await people(intake).remember(person);
    expect(await known(intake, person.personId)).toEqual(tombstone);
  });

  it('stay erased when what was told of them arrives after the tombstone', async () => {
    const person = anna(randomUUID());
    const erased = { personId: person.personId };
    await intake.publish(intake.told('identity', 'PersonErased', person.personId, erased));
    await intake.publish(intake.told('estimation', 'PersonKnown', person.personId, person));
    expect(await known(intake, person.personId)).toEqual({
      personId: person.personId,
      kind: 'contact',
      erased: true,
    });
    expect(await people(intake).byEmail(person.email)).not.toContainEqual(
      expect.objectContaining({ personId: person.personId }),
    );
  });

  it('are on compacted topics', async () => {
    const [end] = await ledger.messaging.endOffsets(peopleTopicOf('ledger'));
    expect(end!.next).toBeGreaterThan(1n);
  });
});
