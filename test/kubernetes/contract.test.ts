import { runtimeContract } from '../runtimes/contract';
import { giveCluster } from './cluster-world';
import { type Registry, startRegistry } from './registry';

const cluster = giveCluster();
let registry: Registry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(async () => {
  await registry.end();
  await cluster.end();
});

runtimeContract('kubernetes', () => cluster.makeWorld(registry.image('missing')));
