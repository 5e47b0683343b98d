import { createKubernetesRuntime } from '../../../src/runtimes/kubernetes';
import { administer, IMAGE, KUBECONFIG, NEXT_IMAGE } from '../../support/kubernetes/cluster-env';
import { NAMESPACE } from '../../support/kubernetes/cluster-stack';
import { patiently } from '../../support/runtimes/contract';
import { describeLife } from '../../support/start/e2e-scenario';

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
      const selection = { namespace: NAMESPACE, labelSelector: 'perennial/owner in (ada, you)' };
      const admin = administer();
      const pods = await admin.listNamespacedPod(selection);
      const claims = await admin.listNamespacedPersistentVolumeClaim(selection);
      return [...pods.items, ...claims.items].map(({ metadata }) => metadata?.name ?? '');
    },
  });
});
