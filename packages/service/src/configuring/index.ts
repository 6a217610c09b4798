export * from './kinds.js';
export * from './service-variables.js';
export * from './variables.js';
