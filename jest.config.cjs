const swc = ['@swc/jest', { jsc: { target: 'es2022' }, module: { type: 'commonjs' }, sourceMaps: 'inline' }];

// Packages that ship nothing but ES modules, which jest cannot load as they are.
const MODULES =
  '(temporal-(polyfill|utils|spec)|@kubernetes/client-node|openid-client|oauth4webapi|jose|jsonpath-plus|cookie|p-limit|p-map|yocto-queue)';

/**
 * What hot loops use. A global is looked up in the context of the test file each time, which takes longer than most of what is done with
 * it; these are parameters of each module instead. None of them is replaced by fake timers or by a test.
 */
const CONSTANT_GLOBALS = [
  ...['Array', 'ArrayBuffer', 'BigInt', 'Boolean', 'Error', 'JSON', 'Map', 'Math', 'Number', 'Object', 'Promise', 'Proxy'],
  ...['RangeError', 'Reflect', 'RegExp', 'Set', 'String', 'Symbol', 'TypeError', 'Uint8Array', 'WeakMap', 'WeakSet'],
];

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
  sandboxInjectedGlobals: CONSTANT_GLOBALS,
  testTimeout: 180_000,
  maxWorkers: 2,
};
