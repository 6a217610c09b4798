export { breakingChanges } from './breaking-changes.js';
export { contractFiles, PROMISE_FILE, promiseText } from './contract-files.js';
export { zEnvelope } from './envelope.js';
export { type JsonSchema, type PromisedSchemas, promisedSchemas } from './promised-schemas.js';
