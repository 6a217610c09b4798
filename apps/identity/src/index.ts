export { identityService } from './identity.service.js';
export * from './signing-keys/access-tokens.js';
export * from './signing-keys/signing-key.js';
