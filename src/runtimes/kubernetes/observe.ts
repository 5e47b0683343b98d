import { RuntimeFailure } from '../failure';
import type { Observation, PodRef } from '../runtime';
import type { ClusterContext } from './context';
import { podName } from './object-names';
import { buildOf } from './pod/create-delete';
import { readPodState } from './pod/state';

/** Whether this build's pod runs, from the API server itself; a pod that still starts is not lost. */
export async function observe(cluster: ClusterContext, ref: PodRef): Promise<Observation> {
  const pod = await cluster.api.pods.read({ namespace: cluster.namespaceOf(ref.organization), name: podName(ref.id) });
  if (pod === null) return { state: 'gone', reason: 'there is no such pod in the cluster', counted: true };
  const build = buildOf(pod);
  if (build !== ref.build) return { state: 'gone', reason: explainOther(build), counted: true };
  const state = readPodState(pod);
  if (state.state === 'ended') return { state: 'gone', reason: state.reason, counted: state.counted };
  return { state: 'running', instance: pod.metadata?.uid ?? '' };
}

const explainOther = (build: number | null): string =>
  build === null ? 'a pod that Perennial did not create is in its place' : `the pod of build ${build} is in its place`;

/** @throws PodLost unless the pod of this build runs */
export async function requireRunning(cluster: ClusterContext, ref: PodRef): Promise<void> {
  const found = await observe(cluster, ref);
  if (found.state === 'gone') throw podLost(ref, found.reason);
}

/** The failure of a verb whose pod is certainly gone. */
export function podLost({ id, build }: PodRef, reason: string): RuntimeFailure {
  return new RuntimeFailure('PodLost', `the pod of build ${build} of ${id} is gone: ${reason}`);
}
