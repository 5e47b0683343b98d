import type { ListedPod } from '../runtime';
import type { ClusterContext } from './context';
import { removeForgottenProbes } from './image/probe-cleanup';
import { isOfInstallation } from './labels';
import { describePod } from './pod/state';

/** All pods of workspaces from the informer; `passOver` gets each namespace whose pods are not known for certain, and why. */
export async function listPods(
  cluster: ClusterContext,
  passOver: (namespace: string, why: string) => void,
): Promise<ListedPod[]> {
  const pods = await cluster.pods.list(passOver);
  await removeForgottenProbes(cluster);
  const own = pods.filter((pod) => isOfInstallation(pod, cluster.settings.installation));
  return own.map(describePod).filter((pod) => pod !== null);
}
