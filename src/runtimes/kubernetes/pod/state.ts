import type { V1ContainerStateTerminated, V1Pod } from '@kubernetes/client-node';
import type { ListedPod } from '../../runtime';
import { cutStart } from '../../text';
import { conditionOf, failedSeeding, MAIN_CONTAINER, mainStatus } from './container-status';

/** `reason` is a plain sentence; `counted` is false when the host ended, which is no fault of the workspace. */
export type PodState = { state: 'starting' } | { state: 'running' } | { state: 'ended'; reason: string; counted: boolean };

/**
 * Whether a pod runs, by its last status. A pod that is being deleted has ended, since a deletion cannot be revoked. A pod whose node
 * is silent still runs: unreachable is not gone.
 */
export function readPodState(pod: V1Pod): PodState {
  if (isOver(pod)) return { state: 'ended', reason: cutStart(explainEnd(pod)), counted: !isByHost(pod) };
  const isRunning = pod.status?.phase === 'Running' && mainStatus(pod)?.state?.running !== undefined;
  return { state: isRunning ? 'running' : 'starting' };
}

/** A pod for `listPods`; a pod that still starts counts as running, since it is not lost. Null with labels that Perennial does not write. */
export function describePod(pod: V1Pod): ListedPod | null {
  const label = (key: string) => pod.metadata?.labels?.[`perennial/${key}`] ?? '';
  const workspace = { id: label('id'), owner: label('owner'), name: label('name'), organization: label('organization') };
  const instance = pod.metadata?.uid;
  const isValid = Object.values(workspace).every((value) => NAME.test(value)) && BUILD.test(label('build'));
  if (!isValid || instance === undefined) return null;
  const read = readPodState(pod);
  const end = read.state === 'ended' ? read : { reason: null, counted: true };
  const { reason, counted } = end;
  return { ...workspace, build: Number(label('build')), instance, running: read.state !== 'ended', reason, counted };
}

/** A label's value that is also valid in the name of an object. */
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const BUILD = /^[1-9]\d{0,14}$/;

/** Containers never restart in the same pod, so that a dead one ends the pod before its phase shows it. */
function isOver(pod: V1Pod): boolean {
  const phase = pod.status?.phase;
  if (phase === 'Failed' || phase === 'Succeeded' || pod.metadata?.deletionTimestamp !== undefined) return true;
  return mainStatus(pod)?.state?.terminated !== undefined || failedSeeding(pod) !== undefined;
}

/** The cluster's reason takes precedence: the exit code of a process that was killed explains nothing. */
function explainEnd(pod: V1Pod): string {
  const { reason, message } = pod.status?.reason === undefined ? (disruptionOf(pod) ?? {}) : (pod.status ?? {});
  if (reason !== undefined) return `the cluster ended it (${reason})${tail(message)}`;
  const end = mainStatus(pod)?.state?.terminated;
  if (end?.reason === 'OOMKilled') return explainMemory(pod);
  if (pod.metadata?.deletionTimestamp !== undefined) return 'the pod was deleted';
  const seeding = failedSeeding(pod);
  if (seeding !== undefined) return `its home could not be seeded (exit code ${seeding.exitCode})${tail(seeding.message)}`;
  return end === undefined ? `it ended in phase ${pod.status?.phase}` : explainExit(end);
}

function explainMemory(pod: V1Pod): string {
  const limit = pod.spec?.containers.find(({ name }) => name === MAIN_CONTAINER)?.resources?.limits?.memory;
  return limit === undefined ? 'out of memory' : `out of memory (limit ${limit})`;
}

function explainExit(end: V1ContainerStateTerminated): string {
  if (isOfAnotherBoot(end)) return 'its container was gone when its node came back';
  if (end.reason === 'ContainerStatusUnknown') return `its node lost sight of its container${tail(end.message)}`;
  if (NOT_STARTED.has(end.reason ?? '')) return `its main process could not be started${tail(end.message)}`;
  return `its main process ended with exit code ${end.exitCode}${tail(end.message)}`;
}

const NOT_STARTED = new Set(['StartError', 'ContainerCannotRun']);
const TAIL = { lines: 3, characters: 400 };

/** The last lines of a message, as the end of a sentence. */
function tail(message: string | undefined): string {
  const lines = (message ?? '').split('\n').map((line) => line.trim());
  const last = lines.filter((line) => line !== '').slice(-TAIL.lines);
  return last.length === 0 ? '' : `: ${last.join('; ').slice(-TAIL.characters)}`;
}

function isByHost(pod: V1Pod): boolean {
  const end = mainStatus(pod)?.state?.terminated;
  if (BY_HOST.has(disruptionOf(pod)?.reason ?? '') || SHUTDOWN.has(pod.status?.reason ?? '')) return true;
  return end !== undefined && isOfAnotherBoot(end);
}

function disruptionOf(pod: V1Pod): { reason?: string; message?: string } | undefined {
  const condition = conditionOf(pod, 'DisruptionTarget');
  return condition?.status === 'True' ? condition : undefined;
}

/** Drains, preemptions, and lost nodes. Evictions by the kubelet are `TerminationByKubelet`: the pod used too much. */
const BY_HOST = new Set(['EvictionByEvictionAPI', 'PreemptionByScheduler', 'DeletionByTaintManager', 'DeletionByPodGC']);
/** The reasons of pods that the kubelet ended, or refused, because its node shuts down. */
const SHUTDOWN = new Set(['Terminated', 'NodeShutdown']);

/** containerd's report of a container that ran before a restart of containerd and is gone after it: the node was rebooted. */
function isOfAnotherBoot(end: V1ContainerStateTerminated): boolean {
  return end.exitCode === 255 && end.reason === 'Unknown';
}
