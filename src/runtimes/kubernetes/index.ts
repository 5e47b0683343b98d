import { RuntimeFailure } from '../failure';
import type { Runtime } from '../runtime';
import { connectCluster } from './api/cluster-api';
import { failureOf } from './api/runtime-failure';
import type { Ground } from './context';
import { execIn, findRunning, lastTerminalInput, observe, placeOf, readLog } from './exec';
import { createImageBook } from './image/image-cache';
import { sweepProbes } from './image/probe-cleanup';
import { createEventBook } from './informer/event-informer';
import { createPodBook } from './informer/pod-informer';
import { isOfInstallation } from './labels';
import { listHomes } from './list-homes';
import { createNamespaceList } from './namespace/namespace-list';
import { createNetworkProbe } from './namespace/network-probe';
import { describePod } from './pod/state';
import { deleteHome, prepareHome } from './prepare-home';
import { CLUSTER_DEFAULTS, type ClusterSettings } from './settings';
import { runShell } from './shell';
import { awaitPod, beginPod, startPod } from './start-pod';
import { stopPod } from './stop-pod';

/** Which cluster, and how workspaces are made there. */
export interface KubernetesOptions extends Partial<ClusterSettings> {
  /** The file of the cluster's address and credentials; null is the cluster that this process runs in. */
  kubeconfig: string | null;
  context?: string;
  /** What stands before an organization's name in the name of its namespace. */
  namespacePrefix?: string;
  /** The kind of terminal that the caller of `shell` has, as in its TERM. */
  terminal?: string;
  /** For the log of whoever runs the cluster; nothing is said without it. */
  say?(level: 'info' | 'warn', message: string): void;
}

/** The runtime, and how many calls it made to the API server, by verb and kind. */
export interface KubernetesRuntime extends Runtime {
  readonly calls: ReadonlyMap<string, number>;
}

/**
 * Workspaces as bare pods with one claim each. All state is in the cluster, so any number of processes may use it at once and
 * each may die at any time; this object holds only what it has seen.
 */
export function createKubernetesRuntime(options: KubernetesOptions): KubernetesRuntime {
  const { kubeconfig, context, namespacePrefix = 'perennial-', terminal = 'xterm-256color', say = () => {}, ...given } = options;
  const settings = { ...CLUSTER_DEFAULTS, ...given };
  const api = connectCluster({ ...(kubeconfig === null ? {} : { kubeconfig }), ...(context === undefined ? {} : { context }) });
  const namespaces = createNamespaceList(api, namespacePrefix);
  const ground: Ground = {
    api,
    pods: createPodBook(api, { namespaces: namespaces.list }),
    events: createEventBook(api),
    images: createImageBook(),
    network: createNetworkProbe({ closed: settings.network.closed, say }),
    settings,
    namespaceOf: namespaces.of,
  };
  return {
    name: 'kubernetes',
    calls: api.calls,
    prepareHome: (spec, progress) => plainly(`home ${spec.id}`, () => prepareHome(ground, spec, progress)),
    startPod: (spec, progress) => plainly(`the pod of ${spec.id}`, () => startPod(ground, spec, progress)),
    beginPod: (spec, progress) => plainly(`the pod of ${spec.id}`, () => beginPod(ground, spec, progress)),
    awaitPod: (spec, progress) => plainly(`the pod of ${spec.id}`, () => awaitPod(ground, spec, progress)),
    stopPod: (ref, progress) => plainly(`the pod of ${ref.id}`, () => stopPod(ground, ref, progress)),
    exec: (ref, command, signal) => plainly(`a command in ${ref.id}`, () => execIn(ground, ref, command, signal)),
    observe: (ref) => plainly(`the pod of ${ref.id}`, () => observe(ground, ref)),
    listPods: (passOver = () => {}) =>
      plainly('the pods', async () => {
        const pods = await ground.pods.list((namespace, why) => passOver(namespace.slice(namespacePrefix.length), why));
        await sweepProbes(ground);
        const own = pods.filter((pod) => isOfInstallation(pod, settings.installation));
        return own.map(describePod).filter((pod) => pod !== null);
      }),
    listHomes: (passOver = () => {}) => plainly('the homes', async () => listHomes(ground, await namespaces.list(), passOver)),
    deleteHome: (home) => plainly(`home ${home.id}`, () => deleteHome(ground, home)),
    lastTerminalInput: (ref) => plainly(`the terminals of ${ref.id}`, () => lastTerminalInput(ground, ref)),
    readLog: (log) => plainly(`a log of ${log.id}`, () => readLog(ground, log)),
    shell: (ref, argv, signal) =>
      plainly(`a terminal in ${ref.id}`, async () => {
        await findRunning(ground, ref);
        return runShell(placeOf(ground, ref), { argv, terminal, signal });
      }),
    close: async () => {
      ground.pods.close();
      ground.events.close();
      api.close();
    },
  };
}

/** What the API server says becomes one of the closed list of failures. */
async function plainly<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RuntimeFailure) throw error;
    throw failureOf(error, what);
  }
}
