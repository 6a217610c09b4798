export * from './actor.js';
export * from './canonical-json.js';
export * from './clock.js';
export * from './ids.js';
export * from './minutes.js';
export * from './refusal.js';
export * from './text.js';
