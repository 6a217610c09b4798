export * from './chain.js';
export * from './port.js';
