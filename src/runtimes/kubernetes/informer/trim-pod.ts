import type { V1Container, V1ContainerState, V1ContainerStatus, V1ObjectMeta, V1Pod } from '@kubernetes/client-node';
import { isOurContainer } from '../pod/container-status';

/** Of the variables of a workspace, which may be 32 KiB, these say whose the pod is. */
const KEPT_VARIABLES = new Set(['USER', 'SHELL']);
const OURS = /^(?:perennial\/|app\.kubernetes\.io\/managed-by$)/;
const LONGEST_MESSAGE = 2_000;

/**
 * The part of a pod that is read, for keeping ten thousand of them in memory: without who set which field, the workspace's variables,
 * and what the cluster wrote on it for others.
 */
export function leanPod({ metadata = {}, spec, status }: V1Pod): V1Pod {
  return {
    metadata: leanMetadata(metadata),
    ...(spec && {
      spec: {
        ...pick(spec, 'nodeName', 'securityContext', 'volumes'),
        ...(spec.initContainers && { initContainers: spec.initContainers.map(leanContainer) }),
        containers: spec.containers.map(leanContainer),
      },
    }),
    ...(status && {
      status: {
        ...pick(status, 'phase', 'reason', 'conditions'),
        ...(status.message !== undefined && { message: status.message.slice(-LONGEST_MESSAGE) }),
        ...(status.initContainerStatuses && { initContainerStatuses: status.initContainerStatuses.map(leanStatus) }),
        ...(status.containerStatuses && { containerStatuses: status.containerStatuses.map(leanStatus) }),
      },
    }),
  };
}

function leanMetadata(metadata: V1ObjectMeta): V1ObjectMeta {
  const { labels, annotations } = metadata;
  return {
    ...pick(metadata, 'name', 'namespace', 'uid', 'resourceVersion', 'creationTimestamp', 'deletionTimestamp'),
    ...(labels && { labels: ownOf(labels) }),
    ...(annotations && { annotations: ownOf(annotations) }),
  };
}

const ownOf = (all: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(all).filter(([name]) => OURS.test(name)));

function leanContainer(container: V1Container): V1Container {
  const { name, image, env, workingDir, resources } = container;
  if (!isOurContainer(name)) return { name, ...(image !== undefined && { image }) };
  return {
    name,
    ...(image !== undefined && { image }),
    ...(workingDir !== undefined && { workingDir }),
    ...(resources !== undefined && { resources }),
    ...(env && { env: env.filter((variable) => KEPT_VARIABLES.has(variable.name)) }),
  };
}

/** Containers are never started again in the same pod, so that what was before is nothing. */
function leanStatus(given: V1ContainerStatus): V1ContainerStatus {
  const { name, imageID, image, ready, restartCount, state } = given;
  return { name, imageID, image, ready, restartCount, ...(state && { state: leanState(state) }) };
}

function leanState({ waiting, running, terminated }: V1ContainerState): V1ContainerState {
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
