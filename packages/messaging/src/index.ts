export * from './cloud-event.js';
export * from './errors.js';
export * from './inbox/index.js';
export * from './kafka/index.js';
export * from './port.js';
export * from './postgres/index.js';
export * from './relay/index.js';
export * from './replaying/index.js';
