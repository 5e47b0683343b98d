import type { V1Pod } from '@kubernetes/client-node';

/** Finds all pods of ours, and nothing else. */
export const OUR_LABELS = 'app.kubernetes.io/managed-by=perennial';

/** Whether a watch for our labels would tell of it. */
export function isOurs(pod: V1Pod): boolean {
  return pod.metadata?.labels?.['app.kubernetes.io/managed-by'] === 'perennial';
}

/** Whether it only looks into an image, and belongs to no workspace. */
export function isProbe(pod: V1Pod): boolean {
  return nameOf(pod).startsWith('probe-');
}

/** Its name, which is that of its place: pods that follow one another in the same place have other uids. */
export function nameOf(pod: V1Pod): string {
  return pod.metadata?.name ?? '';
}

/** Whether it is the pod of this build of a workspace, or of an older one. */
export function isUpTo({ metadata }: V1Pod, id: string, build: number): boolean {
  return metadata?.labels?.['perennial/id'] === id && Number(metadata.labels['perennial/build']) <= build;
}
