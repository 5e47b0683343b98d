import type { V1Pod } from '@kubernetes/client-node';
import { RuntimeFailure } from '../../failure';
import type { Progress } from '../../runtime';
import type { ClusterContext } from '../context';
import { epochMs } from './container-status';
import { diagnoseStartup } from './startup-diagnosis';

/** A node that is well ends a pod within its grace period; one that is silent may take hours, or for ever. */
const OVERDUE_MS = 30_000;

export interface PodProgress<T> {
  pod: V1Pod;
  progress: Progress;
  isWanted(pod: V1Pod): T | undefined;
}

/**
 * Waits until a pod that was just made is as wanted, and says meanwhile what it waits for.
 * @throws what `diagnoseStartup` holds to be final, or not worth a start slot; RuntimeUnavailable when the pod vanishes
 */
export async function untilPod<T>(cluster: ClusterContext, { pod, progress, isWanted }: PodProgress<T>): Promise<T> {
  const { namespace = '', name = '', uid } = pod.metadata ?? {};
  const feed = cluster.events.subscribe(pod);
  try {
    return await cluster.pods.waitFor({ namespace, name, signal: progress.signal }, (current) => {
      if (current === null || current.metadata?.uid !== uid) {
        throw new RuntimeFailure('RuntimeUnavailable', `pod ${namespace}/${name} was removed while it was starting`);
      }
      const found = isWanted(current);
      if (found !== undefined) return found;
      const { waitingFor, fatal, busy } = diagnoseStartup(current, feed.events(), Date.now());
      progress.waitingFor(waitingFor);
      const end = fatal ?? busy;
      if (end !== null) throw new RuntimeFailure(end.type, end.message);
      return undefined;
    });
  } finally {
    feed.close();
  }
}

/**
 * Waits until a pod is gone: removed, or followed by another of its name.
 * @throws HomeBusy when it is long overdue, at once when it was so before: who waits has a place that others need
 */
export async function untilGone(cluster: ClusterContext, pod: V1Pod, progress: Progress): Promise<void> {
  const { namespace = '', name = '', uid } = pod.metadata ?? {};
  progress.waitingFor(`pod ${describePlace(pod)} to end${describeSilence(pod)}`);
  await cluster.pods.waitFor({ namespace, name, signal: progress.signal }, (current) => {
    if (current === null || current.metadata?.uid !== uid) return true;
    progress.waitingFor(`pod ${describePlace(current)} to end${describeSilence(current)}`);
    // The instant is that of the end of its grace period.
    const overdueMs = Date.now() - (epochMs(current.metadata?.deletionTimestamp) ?? Date.now());
    if (overdueMs <= OVERDUE_MS) return undefined;
    const since = `should have ended ${Math.floor(overdueMs / 1_000)} s ago, and still has the home`;
    throw new RuntimeFailure('HomeBusy', `pod ${describePlace(current)} ${since}${describeSilence(current)}`);
  });
}

function describePlace({ metadata, spec }: V1Pod): string {
  return `${metadata?.name ?? ''}${spec?.nodeName === undefined ? '' : ` on node ${spec.nodeName}`}`;
}

/** A pod whose node is silent is not gone: what ran in it may run still, with the home mounted. */
function describeSilence({ status }: V1Pod): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return ready?.status === 'False' && status?.phase === 'Running' ? '; the node may be lost' : '';
}
