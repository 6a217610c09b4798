import { type Variables, zFile } from '@monteore/service/configuring';

/** What identity reads from its environment beside what every service reads. It publishes the keys, so it needs their file. */
export const identityVariables = {
  JWKS_FILE: {
    schema: zFile,
    help: 'the file with the public keys of access tokens, which identity publishes',
  },
} as const satisfies Variables;
