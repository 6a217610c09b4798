export * from './chain.js';
export * from './copying/index.js';
export * from './kurrentdb/index.js';
export * from './port.js';
export * from './postgres/index.js';
export * from './validation.js';
