export * from './bodies/index.js';
export * from './events/index.js';
export * from './promising-events/index.js';
export * from './vocabulary.js';
