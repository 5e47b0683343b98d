/** A cluster that takes network policies and does not enforce them, as the cluster of the tool does. */
import { IMAGE, openTestCluster } from '../../support/kubernetes/cluster-env';
import { useRuntimeEnv } from '../../support/runtimes/contract-harness';

const cluster = openTestCluster();
afterAll(() => cluster.end());

describe('A cluster that does not enforce network policies', () => {
  const given = useRuntimeEnv(() => cluster.openEnv());

  test('is found out by a pod that reaches the worker, and each build is warned.', async () => {
    const { warnings } = await given.start(1, { image: IMAGE });
    expect(warnings).toContainEqual(expect.stringContaining('does not enforce network policies'));
  });
});
