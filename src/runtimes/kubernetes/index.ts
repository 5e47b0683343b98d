import { RuntimeFailure } from '../failure';
import type { Runtime } from '../runtime';
import { connectCluster } from './api/cluster-api';
import { failureOf } from './api/runtime-failure';
import { awaitPod } from './await-pod';
import { beginPod } from './begin-pod';
import type { ClusterContext } from './context';
import { deleteHome } from './delete-home';
import { exec, openSession } from './exec';
import { createImageCache } from './image/image-cache';
import { createEventInformer } from './informer/event-informer';
import { createPodInformer } from './informer/pod-informer';
import { lastTerminalInput } from './last-terminal-input';
import { listHomes } from './list-homes';
import { listPods } from './list-pods';
import { createNamespaceList } from './namespace/namespace-list';
import { createNetworkProbe } from './namespace/network-probe';
import { observe } from './observe';
import { prepareHome } from './prepare-home';
import { readLog } from './read-log';
import { CLUSTER_DEFAULTS, type ClusterSettings } from './settings';
import { shell } from './shell';
import { startPod } from './start-pod';
import { stopPod } from './stop-pod';

/** Which cluster, and how workspaces are made there. */
export interface KubernetesOptions extends Partial<ClusterSettings> {
  /** The file with the cluster's address and credentials; null is the cluster that this process runs in. */
  kubeconfig: string | null;
  /** A context of the kubeconfig; its current one by default. */
  context?: string;
  /** Before an organization's name in the name of its namespace. */
  namespacePrefix?: string;
  /** For the worker's log; nothing is logged without it. */
  log?(level: 'info' | 'warn', message: string): void;
}

/** The runtime on Kubernetes. */
export interface KubernetesRuntime extends Runtime {
  /** How many calls it made to the API server, by verb and kind, such as `GET pods`. */
  readonly calls: ReadonlyMap<string, number>;
}

/**
 * Workspaces as bare pods with one claim each. All state is in the cluster, so any number of processes may use it at once and
 * each may die at any time; this object only caches.
 */
export function createKubernetesRuntime(options: KubernetesOptions): KubernetesRuntime {
  const { kubeconfig, context, namespacePrefix = 'perennial-', log = () => {}, ...changed } = options;
  const settings = { ...CLUSTER_DEFAULTS, ...changed };
  const api = connectCluster({ ...(kubeconfig === null ? {} : { kubeconfig }), ...(context === undefined ? {} : { context }) });
  const namespaces = createNamespaceList(api, namespacePrefix);
  const cluster: ClusterContext = {
    api,
    pods: createPodInformer(api, { namespaces: namespaces.list }),
    events: createEventInformer(api),
    images: createImageCache(),
    network: createNetworkProbe({ closed: settings.network.closed, log }),
    settings,
    namespaceOf: namespaces.of,
  };
  return {
    name: 'kubernetes',
    calls: api.calls,
    prepareHome: (spec, progress) => translateErrors(`home ${spec.id}`, () => prepareHome(cluster, spec, progress)),
    startPod: (spec, progress) => translateErrors(`the pod of ${spec.id}`, () => startPod(cluster, spec, progress)),
    beginPod: (spec, progress) => translateErrors(`the pod of ${spec.id}`, () => beginPod(cluster, spec, progress)),
    awaitPod: (spec, progress) => translateErrors(`the pod of ${spec.id}`, () => awaitPod(cluster, spec, progress)),
    stopPod: (ref, progress) => translateErrors(`the pod of ${ref.id}`, () => stopPod(cluster, ref, progress)),
    exec: (ref, command, signal) => translateErrors(`a command in ${ref.id}`, () => exec(cluster, ref, command, signal)),
    openSession: (ref, signal) =>
      translateErrors(`a connection to ${ref.id}`, async () => {
        const session = await openSession(cluster, ref, signal);
        return {
          exec: (command, within) => translateErrors(`a command in ${ref.id}`, () => session.exec(command, within)),
          close: session.close,
        };
      }),
    observe: (ref) => translateErrors(`the pod of ${ref.id}`, () => observe(cluster, ref)),
    listPods: (passOver = () => {}) =>
      translateErrors('the pods', () =>
        listPods(cluster, (namespace, why) => passOver(namespace.slice(namespacePrefix.length), why)),
      ),
    listHomes: (passOver = () => {}) =>
      translateErrors('the homes', async () => listHomes(cluster, await namespaces.list(), passOver)),
    deleteHome: (home) => translateErrors(`home ${home.id}`, () => deleteHome(cluster, home)),
    lastTerminalInput: (ref) => translateErrors(`the terminals of ${ref.id}`, () => lastTerminalInput(cluster, ref)),
    readLog: (log) => translateErrors(`a log of ${log.id}`, () => readLog(cluster, log)),
    shell: (ref, request) => translateErrors(`a terminal in ${ref.id}`, () => shell(cluster, ref, request)),
    close: async () => {
      cluster.pods.close();
      cluster.events.close();
      api.close();
    },
  };
}

/** Makes a failure of the closed list from an error of the API server. */
async function translateErrors<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RuntimeFailure) throw error;
    throw failureOf(error, what);
  }
}
