import type { StoredEvent } from '@monteore/event-store';
import type { ServiceDefinition, ServiceTransaction } from '@monteore/service';
import { IdentityModule } from './identity.module.js';

/** Identity: people of the team, their roles, and the public keys of access tokens. */
export const identityService: ServiceDefinition = {
  name: 'identity',
  migrations: [{ name: 'IdentityTables', sql: 'CREATE TABLE team_list (person_id text PRIMARY KEY);' }],
  module: (core) => IdentityModule.around(core),
  publish: ({ type, data }) => ({ type, key: String(data.personId), data }),
  handlers: () => ({}),
  projection: () => ({ project }),
};

async function project(event: StoredEvent, tx: ServiceTransaction): Promise<void> {
  if (event.type !== 'PersonInvited') return;
  await tx.query('INSERT INTO team_list (person_id) VALUES ($1) ON CONFLICT DO NOTHING', [
    event.data.personId,
  ]);
}
