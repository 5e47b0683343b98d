const base = require('./jest.config.cjs');

/** The test of the compose stack, which needs a Docker engine: `npm run test:compose`. */
module.exports = {
  ...base,
  roots: ['<rootDir>/test/end-to-end/compose'],
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 1,
  testTimeout: 10 * 60_000,
};
