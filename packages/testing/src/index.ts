export * from './condition.js';
export * from './dying-postgres.js';
export * from './own-postgres.js';
export * from './tcp-proxy.js';
export * from './test-database.js';
