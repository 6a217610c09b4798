export {
  type Installed,
  type InstallOptions,
  installPostgresEventStore,
  renewStoreId,
  storeIdOf,
} from './install.js';
export { type Migration, postgresEventStoreMigrations } from './migrations.js';
export { createPostgresEventStore, type PostgresEventStoreOptions } from './store.js';
