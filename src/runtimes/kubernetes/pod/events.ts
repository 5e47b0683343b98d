import type { CoreV1Event, V1Pod } from '@kubernetes/client-node';
import { epochMs } from './container-status';

/** Those events that are of this very pod (another of the same name has another uid) or of a claim that it mounts, newest first. */
export function newestFirst(pod: V1Pod, events: CoreV1Event[]): CoreV1Event[] {
  const ours = events.filter((event) => isEventOf(pod, event));
  return ours.sort((left, right) => lastSeenMs(right) - lastSeenMs(left));
}

/** Whether it tells of this very pod, or of a claim that it mounts. */
export function isEventOf({ metadata, spec }: V1Pod, { involvedObject: { kind, name, uid } }: CoreV1Event): boolean {
  if (uid !== undefined && uid === metadata?.uid) return true;
  if (kind !== 'PersistentVolumeClaim' || name === undefined) return false;
  return spec?.volumes?.some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === name) ?? false;
}

/** Events are counted up rather than repeated; the scheduler's kind has its own fields for that. */
function lastSeenMs({ series, lastTimestamp, eventTime, metadata }: CoreV1Event): number {
  const seen = [series?.lastObservedTime, lastTimestamp, eventTime, metadata.creationTimestamp].map(epochMs);
  return seen.find((ms) => ms !== null) ?? 0;
}
