import { createKubernetesRuntime } from '../../../src/runtimes/kubernetes';
import { INSTALLATION } from '../../../src/runtimes/kubernetes/labels';
import { administer, CLUSTER, empty, NEXT_IMAGE, openTestCluster } from '../../support/kubernetes/cluster-env';
import { expectFailure, HOME, ID, patiently, podSpec } from '../../support/runtimes/contract-harness';

const cluster = openTestCluster();
const open = (installation: string) => createKubernetesRuntime({ ...CLUSTER, namespacePrefix: cluster.prefix, installation });
const one = open('one');
const two = open('two');

afterAll(async () => {
  await Promise.all([one.close(), two.close()]);
  await empty(cluster.api, cluster.namespace);
  await cluster.end();
});

test('Of two installations on one cluster neither lists or adopts the homes of the other, until they are handed over.', async () => {
  const { identity } = await one.prepareHome(HOME, patiently());
  await one.startPod(podSpec({ home: identity, build: 1, image: NEXT_IMAGE }), patiently());
  expect((await one.listPods()).map(({ id }) => id)).toEqual([ID]);
  expect((await one.listHomes()).map(({ id }) => id)).toEqual([ID]);
  expect(await two.listPods()).toEqual([]);
  expect(await two.listHomes()).toEqual([]);
  const refusal = await expectFailure(two.prepareHome({ ...HOME, adopt: true }, patiently()), 'NotAllowed');
  expect(refusal.message).toContain('another Perennial');

  const { namespace } = cluster;
  const claim = { namespace, name: `ws-${ID}-home` };
  const { metadata } = await administer().readNamespacedPersistentVolumeClaim(claim);
  await cluster.api.claims.merge(claim, { metadata: { uid: metadata?.uid, labels: { [INSTALLATION]: null } } });
  expect(await two.prepareHome({ ...HOME, adopt: true }, patiently())).toEqual({ identity });
  expect(await one.listHomes()).toEqual([]);
});
