// Runs the gateway from its sources in a process of its own, so that a test can kill it.
require('../typescript-hook.cjs');
require('../../../src/gateway.ts');
