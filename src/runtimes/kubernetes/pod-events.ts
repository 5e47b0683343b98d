import type { CoreV1Event, V1Pod } from '@kubernetes/client-node';
import { epochMs } from './pod-status';

/** Those events that are of this very pod (another of the same name has another uid) or of a claim that it mounts, newest first. */
export function newestFirst(pod: V1Pod, events: CoreV1Event[]): CoreV1Event[] {
  const claims = pod.spec?.volumes?.map(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName) ?? [];
  const isOfPod = ({ involvedObject: { uid } }: CoreV1Event) => uid !== undefined && uid === pod.metadata?.uid;
  const isOfClaim = ({ involvedObject: { kind, name } }: CoreV1Event) =>
    kind === 'PersistentVolumeClaim' && claims.includes(name);
  const ours = events.filter((event) => isOfPod(event) || isOfClaim(event));
  return ours.sort((left, right) => lastSeenMs(right) - lastSeenMs(left));
}

/** Events are counted up rather than repeated; the scheduler's kind has its own fields for that. */
function lastSeenMs({ series, lastTimestamp, eventTime, metadata }: CoreV1Event): number {
  const seen = [series?.lastObservedTime, lastTimestamp, eventTime, metadata.creationTimestamp].map(epochMs);
  return seen.find((ms) => ms !== null) ?? 0;
}
