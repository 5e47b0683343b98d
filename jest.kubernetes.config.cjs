const base = require('./jest.config.cjs');

/** The tests that need a cluster: one at a time, since some of them end parts of it. */
module.exports = {
  ...base,
  roots: ['<rootDir>/test/kubernetes'],
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 1,
  testTimeout: 240_000,
};
