/** What kind of claim a home is, as PERENNIAL_KUBERNETES_ACCESS_MODE says. */
import { createKubernetesRuntime } from '../../../src/runtimes/kubernetes';
import { claimName } from '../../../src/runtimes/kubernetes/object-names';
import { administer, CLUSTER, empty, NEXT_IMAGE, openTestCluster } from '../../support/kubernetes/cluster-env';
import { HOME, ID, patiently, podSpec } from '../../support/runtimes/contract-harness';

const cluster = openTestCluster();
afterEach(() => empty(cluster.api, cluster.namespace));
afterAll(() => cluster.end());

test.each(['ReadWriteOnce', 'ReadWriteOncePod'] as const)('A pod starts on a home whose claim is %s.', async (accessMode) => {
  const runtime = createKubernetesRuntime({ ...CLUSTER, namespacePrefix: cluster.prefix, accessMode });
  try {
    const { identity } = await runtime.prepareHome(HOME, patiently());
    await runtime.startPod(podSpec({ home: identity, build: 1, image: NEXT_IMAGE }), patiently());
    const claim = { namespace: cluster.namespace, name: claimName(ID) };
    const { spec, status } = await administer().readNamespacedPersistentVolumeClaim(claim);
    expect({ ...spec, ...status }).toMatchObject({ accessModes: [accessMode], phase: 'Bound' });
  } finally {
    await runtime.close();
  }
});
