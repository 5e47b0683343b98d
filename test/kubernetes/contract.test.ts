import { runtimeContract } from '../runtimes/contract';
import { giveCluster } from './cluster-world';

const cluster = giveCluster();
afterAll(() => cluster.end());

runtimeContract('kubernetes', () => cluster.makeWorld());
