export * from './estimation.js';
export * from './intake.js';
export * from './ledger.js';
