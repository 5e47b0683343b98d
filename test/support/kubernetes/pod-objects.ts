/** Pods as a cluster of Kubernetes 1.34 and containerd 1.6 showed them, word for word, cut down to what is read. */
import type { CoreV1Event, V1ContainerState, V1Pod, V1PodCondition, V1PodStatus } from '@kubernetes/client-node';

export const CREATED_AT = Date.parse('2026-11-25T05:06:39Z');
const SCHEDULED = { type: 'PodScheduled', status: 'True', lastTransitionTime: new Date(CREATED_AT) };

export interface Shape {
  status?: V1PodStatus;
  image?: string;
  deleted?: boolean;
  uid?: string;
  labels?: Record<string, string>;
  name?: string;
  namespace?: string;
}

/** A managed pod, build 3 of ada's `dev`; not scheduled unless its status says otherwise. */
export function podOf({ status = {}, image = 'e2e.local/workspace:1', deleted = false, ...shape }: Shape): V1Pod {
  const { uid = 'uid-1', labels = LABELS, name = 'ws-w1', namespace = 'perennial-default' } = shape;
  const deletion = deleted ? { deletionTimestamp: new Date(CREATED_AT + 48_000) } : {};
  return {
    metadata: { name, namespace, uid, labels, creationTimestamp: new Date(CREATED_AT), ...deletion },
    spec: {
      initContainers: [{ name: 'home', image }],
      containers: [{ name: 'workspace', image, resources: { limits: { memory: '64Mi' } } }],
      volumes: [{ name: 'home', persistentVolumeClaim: { claimName: 'ws-w1-home' } }],
    },
    status,
  };
}

export const LABELS = {
  'app.kubernetes.io/managed-by': 'perennial',
  'perennial/id': 'w1',
  'perennial/owner': 'ada',
  'perennial/name': 'dev',
  'perennial/organization': 'default',
  'perennial/build': '3',
};

/** The status with this state of the main container, on a node. */
export function mainIs(state: V1ContainerState, phase = 'Pending', conditions: V1PodCondition[] = []): V1PodStatus {
  return { phase, conditions: [SCHEDULED, ...conditions], containerStatuses: [container('workspace', state)] };
}

/** The status with this state of the container that seeds the home, while the main one waits. */
export function seederIs(state: V1ContainerState, phase = 'Pending'): V1PodStatus {
  const main = container('workspace', { waiting: { reason: 'PodInitializing' } });
  return { phase, conditions: [SCHEDULED], initContainerStatuses: [container('home', state)], containerStatuses: [main] };
}

function container(name: string, state: V1ContainerState) {
  return { name, state, image: '', imageID: '', ready: false, restartCount: 0 };
}

export const RUNNING = mainIs({ running: { startedAt: new Date('2026-11-25T05:06:42Z') } }, 'Running');

export const disrupted = (reason: string, message: string): V1PodCondition => ({
  type: 'DisruptionTarget',
  status: 'True',
  reason,
  message,
});

export const unschedulable = (message: string): V1PodStatus => ({
  phase: 'Pending',
  conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }],
});

/** An event of the pod, or of a claim, `seconds` after the pod was made. */
export function eventOf(reason: string, message: string, seconds = 1, involvedObject = {}): CoreV1Event {
  return {
    metadata: { name: reason },
    involvedObject: { kind: 'Pod', name: 'ws-w1', uid: 'uid-1', ...involvedObject },
    reason,
    message,
    lastTimestamp: new Date(CREATED_AT + seconds * 1000),
  };
}
