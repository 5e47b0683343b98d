import { createKubernetesRuntime } from '../../src/runtimes/kubernetes';
import { patiently } from '../runtimes/contract';
import { describeLife } from '../start/life';
import { administer, IMAGE, KUBECONFIG, NEXT_IMAGE } from './cluster-world';

describe('A workspace on a cluster', () => {
  describeLife({
    runtime: 'kubernetes',
    image: IMAGE,
    nextImage: NEXT_IMAGE,
    touch: async ({ id, build, file }) => {
      const runtime = createKubernetesRuntime({ kubeconfig: KUBECONFIG });
      const argv = ['sh', '-c', `: >"$HOME/${file}"`];
      await runtime.exec({ id, organization: 'default', build }, { argv }, patiently().signal);
      await runtime.close();
    },
    traces: async () => {
      const ours = { labelSelector: 'perennial/owner in (ada, you)' };
      const admin = administer();
      const pods = await admin.listPodForAllNamespaces(ours);
      const claims = await admin.listPersistentVolumeClaimForAllNamespaces(ours);
      return [...pods.items, ...claims.items].map(({ metadata }) => metadata?.name ?? '');
    },
  });
});
