const swc = ['@swc/jest', { jsc: { target: 'es2022' }, module: { type: 'commonjs' }, sourceMaps: 'inline' }];

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '^.+\\.ts$': [swc[0], { ...swc[1], jsc: { ...swc[1].jsc, parser: { syntax: 'typescript' } } }],
    // Packages that ship nothing but ES modules, which jest cannot load as they are.
    'node_modules/temporal-(polyfill|utils|spec)/.+\\.js$': swc,
  },
  transformIgnorePatterns: ['node_modules/(?!temporal-(polyfill|utils|spec)/)'],
  testTimeout: 60_000,
  maxWorkers: 2,
};
