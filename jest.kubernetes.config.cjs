const base = require('./jest.config.cjs');
const { leftOut } = require('./scripts/cluster-tests.cjs');

/** The tests that need a cluster; some of them end parts of it, so that files run one at a time unless those are left out. */
module.exports = {
  ...base,
  roots: ['<rootDir>/test/end-to-end/kubernetes'],
  testPathIgnorePatterns: ['/node_modules/', ...leftOut(process.env).map(({ name }) => `/${name}\\.test\\.ts$`)],
  maxWorkers: 1,
  testTimeout: 600_000,
};
