import type { V1ContainerStateTerminated, V1ContainerStatus, V1Pod, V1PodCondition } from '@kubernetes/client-node';

/** The container in which the user works; others seed the home, or were injected by the cluster. */
export const MAIN_CONTAINER = 'workspace';

/** Seeds a new home before the main one starts. */
export const SEED_CONTAINER = 'home';
/** The container of a probe that runs with uid 65534. */
export const USERS_CONTAINER = 'users';

/** Whether the manifest has the container; other containers were injected by the cluster. */
export const isOwnContainer = (name: string): boolean => [MAIN_CONTAINER, SEED_CONTAINER, USERS_CONTAINER].includes(name);

/** The status of the main container; undefined before a kubelet has accepted the pod. */
export function mainStatus(pod: V1Pod): V1ContainerStatus | undefined {
  return pod.status?.containerStatuses?.find(({ name }) => name === MAIN_CONTAINER);
}

/** All containers, in the order in which they start. */
export function containersOf(pod: V1Pod): V1ContainerStatus[] {
  return [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
}

/** The failure of the container that seeds the home, if it failed. */
export function failedSeeding(pod: V1Pod): V1ContainerStateTerminated | undefined {
  const end = pod.status?.initContainerStatuses?.find(({ name }) => name === SEED_CONTAINER)?.state?.terminated;
  return end?.exitCode === 0 ? undefined : end;
}

/** One of the pod's conditions, for example `PodScheduled`. */
export function conditionOf(pod: V1Pod, type: string): V1PodCondition | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type);
}

/** The image of a container in the pod's spec. */
export function imageOf(pod: V1Pod, container: string): string {
  const all = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  return all.find(({ name }) => name === container)?.image ?? 'of the pod';
}

/** Epoch milliseconds of an instant, which may be text in a watch; null when there is none. */
export function epochMs(instant: Date | string | undefined): number | null {
  const ms = instant === undefined ? Number.NaN : new Date(instant).getTime();
  return Number.isNaN(ms) ? null : ms;
}
