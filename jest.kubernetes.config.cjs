const base = require('./jest.config.cjs');

/** Faults are made with the tool that made the cluster; one that is somebody's own is left whole. */
const leftOut = process.env.PERENNIAL_TEST_CLUSTER_TOOL ? [] : ['/faults\\.test\\.ts$'];

/** The tests that need a cluster; some of them end parts of it, and so it is one at a time unless those are left out. */
module.exports = {
  ...base,
  roots: ['<rootDir>/test/end-to-end/kubernetes'],
  testPathIgnorePatterns: ['/node_modules/', ...leftOut],
  maxWorkers: 1,
  testTimeout: 240_000,
};
