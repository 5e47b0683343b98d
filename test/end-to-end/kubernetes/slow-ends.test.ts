import { PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { podName } from '../../../src/runtimes/kubernetes/object-names';
import { administer, openTestCluster } from '../../support/kubernetes/cluster-env';
import { expectFailure, ID, useRuntimeEnv } from '../../support/runtimes/contract-harness';

const cluster = openTestCluster();
afterAll(() => cluster.end());

const merging = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
const AT = { namespace: cluster.namespace, name: podName(ID) };

/** Keeps the deleted pod in existence, like the pod of a silent node. */
async function hold(finalizers: string[]): Promise<void> {
  await administer().patchNamespacedPod({ ...AT, body: { metadata: { finalizers } } }, merging);
}

describe('A pod that does not end', () => {
  afterEach(() => hold([]).catch(() => undefined));
  const given = useRuntimeEnv(() => cluster.openEnv());

  test('is waited for during its grace period, and given up at once later, until it has ended.', async () => {
    await given.start(1);
    await hold(['perennial.test/hold']);
    await expectFailure(given.stop(1), 'HomeBusy');
    const before = performance.now();
    expect((await expectFailure(given.stop(1), 'HomeBusy')).message).toMatch(/^pod ws-w1 on node .* and still has the home/);
    await expectFailure(given.start(2), 'HomeBusy');
    expect(performance.now() - before).toBeLessThan(5_000);
    await hold([]);
    await given.stop(1);
    expect((await given.start(2)).build).toBe(2);
  });
});
