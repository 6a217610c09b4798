export * from './estimation.js';
export * from './ledger.js';
