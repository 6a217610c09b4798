import type { StoredEvent } from '@monteore/event-store';
import { derivedId, inputHashOf, isRefusal, SYSTEM_ACTOR } from '@monteore/kernel';
import {
  type DueThing,
  type ServiceDefinition,
  type ServiceTransaction,
  scheduleDue,
} from '@monteore/service';
import type { INestApplicationContext } from '@nestjs/common';
import { needsLook } from './closing-a-package/look.js';
import { Rollover } from './closing-a-package/rollover.js';
import { followingTables, scheduleLook } from './following-activities/known-activities.js';
import { Reactions } from './following-activities/reactions.js';
import { LedgerModule } from './ledger.module.js';
import { decideDue } from './package/decide.js';
import { dueInstantOf } from './package/due.js';
import type { PackageFacts } from './package/events.js';
import { PackageStreams, packageEventOf } from './package-stream/package-streams.js';
import { publishLedgerEvent } from './publishing.js';

const tables = `
  CREATE TABLE client_list (client_id text PRIMARY KEY);
  CREATE TABLE package_list (
    place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    package_id text NOT NULL UNIQUE,
    client_id text NOT NULL
  );
  ${followingTables}`;

/** How long a rollover may stand between its steps before the sweeper looks at it. */
const TRANSFER_PATIENCE_MILLIS = 60_000;

/** The ledger: clients, packages, lots, holds, work entries, charges, and the queue of what waits for hours. */
export const ledgerService: ServiceDefinition = {
  name: 'ledger',
  migrations: [{ name: 'LedgerTables', sql: tables }],
  module: (core) => LedgerModule.around(core),
  publish: publishLedgerEvent,
  handlers: (_core, app) => app.get(Reactions).handlers(),
  projection: () => ({ project }),
  due: (_core, app) => ({
    'package-due': (thing) => fireDue(thing, app),
    'consider-used-up': (thing) => app.get(Reactions).consider(thing),
    'receive-transfer': ({ data }) =>
      app
        .get(Rollover)
        .receive(String(data.fromPackageId), data as unknown as PackageFacts['HoursTransferred']),
    'settle-transfer': ({ entityId, data }) =>
      app.get(Rollover).settle(entityId, String(data.fromPackageId), String(data.toPackageId)),
  }),
};

/** Lists, and rows for what falls due; folds of the ledger's own events. */
async function project(event: StoredEvent, tx: ServiceTransaction): Promise<void> {
  if (event.type === 'ClientRegistered') {
    await tx.query('INSERT INTO client_list (client_id) VALUES ($1) ON CONFLICT DO NOTHING', [
      event.data.clientId,
    ]);
  }
  if (!event.streamId.startsWith('package-')) return;
  const packageId = event.streamId.slice('package-'.length);
  if (event.type === 'PackageOpened') {
    await tx.query(
      'INSERT INTO package_list (package_id, client_id) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      [packageId, event.data.clientId],
    );
  }
  const recorded = packageEventOf(event);
  if (recorded.type === 'TransferExpected') {
    await scheduleDue(tx, {
      kind: 'settle-transfer',
      entityId: recorded.data.transferId,
      dueAt: new Date(Date.parse(event.recordedAt) + TRANSFER_PATIENCE_MILLIS).toISOString(),
      data: { fromPackageId: recorded.data.fromPackageId, toPackageId: packageId },
    });
  }
  if (recorded.type === 'HoursTransferred') {
    await scheduleDue(tx, {
      kind: 'receive-transfer',
      entityId: recorded.data.transferId,
      dueAt: event.recordedAt,
      data: { ...recorded.data, fromPackageId: packageId },
    });
  }
  if (needsLook(recorded)) await scheduleLook(tx, packageId, event.eventId, event.recordedAt);
  const dueAt = dueInstantOf(recorded);
  if (dueAt !== null) await scheduleDue(tx, { kind: 'package-due', entityId: packageId, dueAt });
}

/** R13: when nobody asks, the timer does; the command's id derives from the package and the instant. */
async function fireDue({ entityId, dueAt }: DueThing, app: INestApplicationContext): Promise<void> {
  const commandId = derivedId('package-due', entityId, dueAt);
  const envelope = {
    commandId,
    inputHash: inputHashOf(dueAt),
    actor: SYSTEM_ACTOR,
    correlationId: commandId,
  };
  const result = await app.get(PackageStreams).decide(entityId, envelope, decideDue);
  if (isRefusal(result)) throw new Error(result.detail);
}
