/** Tests read the sources themselves through the `@monteore/source` export condition, so no build has to come first. */
export default {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@monteore/source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          target: 'es2023',
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  // Specs that need a message broker are run by `npm run test:distributed`, those that kill by `npm run test:faults`,
  // those of the containers by `npm run test:compose`.
  testMatch: [
    '<rootDir>/{packages,apps}/*/src/**/*.spec.ts',
    '<rootDir>/e2e/**/*.spec.ts',
    '<rootDir>/infra/**/*.spec.ts',
    '<rootDir>/bench/**/*.spec.ts',
    '!**/*.kafka.spec.ts',
    '!**/*.faults.spec.ts',
    '!**/*.distributed.spec.ts',
    '!**/*.compose.spec.ts',
  ],
  globalSetup: '<rootDir>/packages/testing/jest/global-setup.mjs',
  globalTeardown: '<rootDir>/packages/testing/jest/global-teardown.mjs',
  // A bound for what hangs, not a measure: the machine may be busy.
  testTimeout: 30_000,
  watchman: false,
  maxWorkers: 2,
};
