import type { CoreV1Event, V1Pod } from '@kubernetes/client-node';
import { epochMs } from './container-status';

/** The events of exactly this pod (another pod of the name has another uid) and of the claims that it mounts, newest first. */
export function newestFirst(pod: V1Pod, events: CoreV1Event[]): CoreV1Event[] {
  const own = events.filter((event) => isEventOf(pod, event));
  return own.sort((left, right) => lastSeenMs(right) - lastSeenMs(left));
}

/** Whether the event is of exactly this pod, or of a claim that it mounts. */
export function isEventOf({ metadata, spec }: V1Pod, { involvedObject: { kind, name, uid } }: CoreV1Event): boolean {
  if (uid !== undefined && uid === metadata?.uid) return true;
  if (kind !== 'PersistentVolumeClaim' || name === undefined) return false;
  return spec?.volumes?.some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === name) ?? false;
}

/** A repeated event is counted up, and the scheduler's events have separate fields for that. */
function lastSeenMs({ series, lastTimestamp, eventTime, metadata }: CoreV1Event): number {
  const seen = [series?.lastObservedTime, lastTimestamp, eventTime, metadata.creationTimestamp].map(epochMs);
  return seen.find((ms) => ms !== null) ?? 0;
}
