import { RuntimeFailure } from '../failure';
import type { Command, CommandResult, PodRef, PodSession } from '../runtime';
import type { ClusterContext } from './context';
import type { ExecTarget } from './exec-channel/channels';
import { openSession as openCommandSession } from './exec-channel/command-session';
import { runCommand } from './exec-channel/run-command';
import { podName } from './object-names';
import { observe, podLost, requireRunning } from './observe';
import { MAIN_CONTAINER } from './pod/container-status';
import { buildOf } from './pod/create-delete';
import { readPodState } from './pod/state';

/**
 * Runs a command in the pod of exactly this build. The API server finds a pod by its name, which the next build's pod may have by the
 * time that the connection is open, so the build is checked then. It is checked before as well unless the informer saw the pod running,
 * since a connection to a lost node takes long to fail.
 */
export async function exec(cluster: ClusterContext, ref: PodRef, command: Command, signal: AbortSignal): Promise<CommandResult> {
  signal.throwIfAborted();
  const verifyTarget = () => requireRunning(cluster, ref);
  if (!wasSeenRunning(cluster, ref)) await verifyTarget();
  return orPodLost(cluster, ref, () => runCommand(execTarget(cluster, ref), { ...command, verifyTarget }, signal));
}

/** Opens a connection for several commands in the pod of exactly this build, with the checks of `exec`. */
export async function openSession(cluster: ClusterContext, ref: PodRef, signal: AbortSignal): Promise<PodSession> {
  signal.throwIfAborted();
  const verifyTarget = () => requireRunning(cluster, ref);
  if (!wasSeenRunning(cluster, ref)) await verifyTarget();
  const session = await orPodLost(cluster, ref, () => openCommandSession(execTarget(cluster, ref), verifyTarget));
  return {
    exec: (command, within) => orPodLost(cluster, ref, () => session.run(command, within)),
    close: session.close,
  };
}

/** The container in which the commands of a workspace run. */
export function execTarget({ api, namespaceOf }: ClusterContext, { id, organization }: Omit<PodRef, 'build'>): ExecTarget {
  return { socket: api.socket, namespace: namespaceOf(organization), pod: podName(id), container: MAIN_CONTAINER };
}

/** From the informer's store, without a call. */
function wasSeenRunning({ pods, namespaceOf }: ClusterContext, { id, organization, build }: PodRef): boolean {
  const pod = pods.seen({ namespace: namespaceOf(organization), name: podName(id) });
  return pod !== undefined && buildOf(pod) === build && readPodState(pod).state === 'running';
}

/** A command without an end may have lost its pod; only a certain answer of the API server makes it so. */
async function orPodLost<T>(cluster: ClusterContext, ref: PodRef, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isUnknown = error instanceof RuntimeFailure && error.type === 'RuntimeUnavailable';
    const found = isUnknown ? await observe(cluster, ref).catch(() => null) : null;
    throw found?.state === 'gone' ? podLost(ref, found.reason) : error;
  }
}
