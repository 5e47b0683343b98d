import { openTestCluster } from '../../support/kubernetes/cluster-env';
import { type Registry, startRegistry } from '../../support/kubernetes/registry';
import { runtimeContract } from '../../support/runtimes/contract';

const cluster = openTestCluster();
let registry: Registry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(async () => {
  await registry.end();
  await cluster.end();
});

runtimeContract('kubernetes', () => cluster.openEnv(registry.image('missing')));
