const swc = ['@swc/jest', { jsc: { target: 'es2022' }, module: { type: 'commonjs' }, sourceMaps: 'inline' }];

// Packages that ship nothing but ES modules, which jest cannot load as they are.
const MODULES = '(temporal-(polyfill|utils|spec)|@kubernetes/client-node|openid-client|oauth4webapi|jose|jsonpath-plus|cookie)';

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  // These need a cluster or a container engine, and have configurations of their own.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/end-to-end/(kubernetes|compose)/'],
  transform: {
    '^.+\\.ts$': [swc[0], { ...swc[1], jsc: { ...swc[1].jsc, parser: { syntax: 'typescript' } } }],
    [`node_modules/${MODULES}/.+\\.js$`]: swc,
  },
  // A late import in src names the compiled file.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': ['$1.js', '$1.ts'] },
  transformIgnorePatterns: [`node_modules/(?!${MODULES}/)`],
  testTimeout: 180_000,
  maxWorkers: 2,
};
