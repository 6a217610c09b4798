export * from './estimation.js';
export * from './identity.js';
export * from './intake.js';
export * from './ledger.js';
