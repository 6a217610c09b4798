export { portOfRunning } from './processes.js';
export {
  type DatabasePlace,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  placeOfDatabase,
  startEmbeddedPostgres,
} from './server.js';
