import type { V1Container, V1ContainerState, V1ContainerStatus, V1ObjectMeta, V1Pod } from '@kubernetes/client-node';
import { isOwnContainer } from '../pod/container-status';

/** The variables that `describeStarted` and `isMadeFor` read; those of the workspace may be 32 KiB. */
const KEPT_VARIABLES = new Set(['USER', 'SHELL']);
const OWN_KEYS = /^(?:perennial\/|app\.kubernetes\.io\/managed-by$)/;
const LONGEST_MESSAGE = 2_000;

/**
 * The part of a pod that the runtime reads, small enough for ten thousand pods in memory: without managed fields, the workspace's
 * variables, and the labels and annotations of others.
 */
export function trimPod({ metadata = {}, spec, status }: V1Pod): V1Pod {
  return {
    metadata: trimMetadata(metadata),
    ...(spec && {
      spec: {
        ...pick(spec, 'nodeName', 'securityContext', 'volumes'),
        ...(spec.initContainers && { initContainers: spec.initContainers.map(trimContainer) }),
        containers: spec.containers.map(trimContainer),
      },
    }),
    ...(status && {
      status: {
        ...pick(status, 'phase', 'reason', 'conditions'),
        ...(status.message !== undefined && { message: status.message.slice(-LONGEST_MESSAGE) }),
        ...(status.initContainerStatuses && { initContainerStatuses: status.initContainerStatuses.map(trimStatus) }),
        ...(status.containerStatuses && { containerStatuses: status.containerStatuses.map(trimStatus) }),
      },
    }),
  };
}

function trimMetadata(metadata: V1ObjectMeta): V1ObjectMeta {
  const { labels, annotations } = metadata;
  return {
    ...pick(metadata, 'name', 'namespace', 'uid', 'resourceVersion', 'creationTimestamp', 'deletionTimestamp'),
    ...(labels && { labels: ownOf(labels) }),
    ...(annotations && { annotations: ownOf(annotations) }),
  };
}

const ownOf = (all: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(all).filter(([name]) => OWN_KEYS.test(name)));

function trimContainer(container: V1Container): V1Container {
  const { name, image, env, workingDir, resources } = container;
  if (!isOwnContainer(name)) return { name, ...(image !== undefined && { image }) };
  return {
    name,
    ...(image !== undefined && { image }),
    ...(workingDir !== undefined && { workingDir }),
    ...(resources !== undefined && { resources }),
    ...(env && { env: env.filter((variable) => KEPT_VARIABLES.has(variable.name)) }),
  };
}

/** Containers never restart in the same pod, so that `lastState` is always empty. */
function trimStatus(status: V1ContainerStatus): V1ContainerStatus {
  const { name, imageID, image, ready, restartCount, state } = status;
  return { name, imageID, image, ready, restartCount, ...(state && { state: trimState(state) }) };
}

function trimState({ waiting, running, terminated }: V1ContainerState): V1ContainerState {
  const cut = <T extends { message?: string }>(state: T): T =>
    state.message === undefined ? state : { ...state, message: state.message.slice(-LONGEST_MESSAGE) };
  return {
    ...(running && { running }),
    ...(waiting && { waiting: cut(waiting) }),
    ...(terminated && { terminated: cut(terminated) }),
  };
}

function pick<T, K extends keyof T>(from: T, ...names: K[]): Pick<T, K> {
  return Object.fromEntries(names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]])) as Pick<T, K>;
}
