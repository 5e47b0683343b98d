import type { V1Pod } from '@kubernetes/client-node';
import { RuntimeFailure } from '../../failure';
import type { Progress } from '../../runtime';
import type { ClusterContext } from '../context';
import { epochMs } from './container-status';
import { diagnoseStartup } from './startup-diagnosis';

/** A healthy node ends a pod within its grace period; on a silent node the pod may stay without limit. */
const OVERDUE_MS = 30_000;

/** A wait for a pod. */
export interface PodProgress<T> {
  pod: V1Pod;
  progress: Progress;
  /** The answer once the pod is as wanted, else undefined. */
  isWanted(pod: V1Pod): T | undefined;
}

/**
 * Waits until a new pod is as wanted, and reports the condition that it waits for.
 * @throws the final or temporary failure from `diagnoseStartup`; RuntimeUnavailable when the pod vanishes
 */
export async function untilPod<T>(cluster: ClusterContext, { pod, progress, isWanted }: PodProgress<T>): Promise<T> {
  const { namespace = '', name = '', uid } = pod.metadata ?? {};
  const subscription = cluster.events.subscribe(pod);
  try {
    return await cluster.pods.waitFor({ namespace, name, signal: progress.signal }, (current) => {
      if (current === null || current.metadata?.uid !== uid) {
        throw new RuntimeFailure('RuntimeUnavailable', `pod ${namespace}/${name} was removed while it was starting`);
      }
      const found = isWanted(current);
      if (found !== undefined) return found;
      const { waitingFor, fatal, busy } = diagnoseStartup(current, subscription.events(), Date.now());
      progress.waitingFor(waitingFor);
      const end = fatal ?? busy;
      if (end !== null) throw new RuntimeFailure(end.type, end.message);
      return undefined;
    });
  } finally {
    subscription.close();
  }
}

/**
 * Waits until a pod is gone: removed, or replaced by another of its name.
 * @throws HomeBusy when it is long overdue, at once when it was overdue already: the caller holds a slot that others need
 */
export async function untilGone(cluster: ClusterContext, pod: V1Pod, progress: Progress): Promise<void> {
  const { namespace = '', name = '', uid } = pod.metadata ?? {};
  progress.waitingFor(`pod ${describePod(pod)} to end${describeSilence(pod)}`);
  await cluster.pods.waitFor({ namespace, name, signal: progress.signal }, (current) => {
    if (current === null || current.metadata?.uid !== uid) return true;
    progress.waitingFor(`pod ${describePod(current)} to end${describeSilence(current)}`);
    // `deletionTimestamp` is the end of the grace period.
    const overdueMs = Date.now() - (epochMs(current.metadata?.deletionTimestamp) ?? Date.now());
    if (overdueMs <= OVERDUE_MS) return undefined;
    const since = `should have ended ${Math.floor(overdueMs / 1_000)} s ago, and still has the home`;
    throw new RuntimeFailure('HomeBusy', `pod ${describePod(current)} ${since}${describeSilence(current)}`);
  });
}

function describePod({ metadata, spec }: V1Pod): string {
  return `${metadata?.name ?? ''}${spec?.nodeName === undefined ? '' : ` on node ${spec.nodeName}`}`;
}

/** A pod whose node is silent is not gone: its processes may still run, with the home mounted. */
function describeSilence({ status }: V1Pod): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return ready?.status === 'False' && status?.phase === 'Running' ? '; the node may be lost' : '';
}
