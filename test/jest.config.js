/** One jest project per kind of spec; a project that matches no file fails (see test/run.mjs). */
const rootDir = new URL('..', import.meta.url).pathname.replace(/\/$/, '');
const base = {
  rootDir,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/.cloud-sources/', '/.cache/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.cloud-sources/', '<rootDir>/.cache/'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', {
      swcrc: false,
      module: { type: 'es6' },
      jsc: {
        target: 'es2022', keepClassNames: true,
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
      },
    }],
  },
};
const ignore = (...more) => [...base.testPathIgnorePatterns, ...more];
export default {
  rootDir,
  // Jest's 5 s are for idle machines.
  testTimeout: 60_000,
  projects: [
    { ...base, displayName: 'unit', testMatch: ['<rootDir>/{apps,libs,deploy}/**/*.spec.ts'], testPathIgnorePatterns: ignore('\\.int\\.spec\\.ts$', '\\.conformance\\.spec\\.ts$') },
    { ...base, displayName: 'conformance', testMatch: ['<rootDir>/libs/**/*.conformance.spec.ts'] },
    { ...base, displayName: 'architecture', testMatch: ['<rootDir>/test/{architecture,contract}/**/*.spec.ts'] },
    { ...base, displayName: 'integration', testMatch: ['<rootDir>/{apps,libs,deploy}/**/*.int.spec.ts'], globalSetup: '<rootDir>/test/harness/global-setup.mjs', globalTeardown: '<rootDir>/test/harness/global-teardown.mjs' },
    { ...base, displayName: 'e2e', testMatch: ['<rootDir>/test/e2e/**/*.spec.ts'], globalSetup: '<rootDir>/test/harness/global-setup.mjs', globalTeardown: '<rootDir>/test/harness/global-teardown.mjs' },
    { ...base, displayName: 'browser', testMatch: ['<rootDir>/test/browser/**/*.spec.ts'], globalSetup: '<rootDir>/test/harness/global-setup.mjs', globalTeardown: '<rootDir>/test/harness/global-teardown.mjs' },
  ],
};
