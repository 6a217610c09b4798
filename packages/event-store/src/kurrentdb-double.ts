export * from './kurrentdb/double/index.js';
