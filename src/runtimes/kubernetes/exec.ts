import { RuntimeFailure } from '../failure';
import type { Command, CommandResult, LogRef, Observation, PodRef } from '../runtime';
import { latestInputMs } from '../terminal-time';
import { withTimeLimit } from '../time-limit';
import type { Ground } from './context';
import { runBinaryCommand, runCommand } from './exec-channel/run-command';
import { readClaim } from './home/claim';
import { podName } from './object-names';
import { MAIN_CONTAINER } from './pod/container-status';
import { buildOf } from './pod/create-delete';
import { readPodState } from './pod/state';

const MAX_LOG_BYTES = 1024 * 1024;
/** A command begins with a step into the home, which never ends where the volume hangs. The look is asked for again after 15 s. */
const LOOK_LIMIT_MS = 10_000;
const LOG_LIMIT_MS = 30_000;

/**
 * Runs a command in the pod of this very build. A pod is entered by its name, which the next build's may have taken by the time that
 * the line is open, so it is looked at then; and before, unless it was last seen running, since the way to a node that is gone takes
 * long to fail.
 */
export async function execIn(ground: Ground, ref: PodRef, command: Command, signal: AbortSignal): Promise<CommandResult> {
  signal.throwIfAborted();
  const checkPlace = () => findRunning(ground, ref);
  if (!wasSeenRunning(ground, ref)) await checkPlace();
  return orPodLost(ground, ref, () => runCommand(placeOf(ground, ref), { ...command, checkPlace }, signal));
}

/** By the watch, which costs nothing to ask. */
function wasSeenRunning({ pods, namespaceOf }: Ground, { id, organization, build }: PodRef): boolean {
  const pod = pods.seen({ namespace: namespaceOf(organization), name: podName(id) });
  return pod !== undefined && buildOf(pod) === build && readPodState(pod).state === 'running';
}

/** Whether this build's pod runs; one that still starts is not lost. */
export async function observe(ground: Ground, ref: PodRef): Promise<Observation> {
  const pod = await ground.api.pods.read({ namespace: ground.namespaceOf(ref.organization), name: podName(ref.id) });
  if (pod === null) return { state: 'gone', reason: 'there is no such pod in the cluster', counted: true };
  const build = buildOf(pod);
  if (build !== ref.build)
    return { state: 'gone', reason: `the pod of build ${build ?? 'nobody'} is in its place`, counted: true };
  const state = readPodState(pod);
  if (state.state === 'ended') return { state: 'gone', reason: state.reason, counted: state.counted };
  return { state: 'running', instance: pod.metadata?.uid ?? '' };
}

/**
 * When a terminal last had input. A terminal's time of access is that of its input; the pod's own clock is asked too, as it may
 * differ from ours.
 */
export async function lastTerminalInput(ground: Ground, ref: PodRef): Promise<number | null> {
  const command = { argv: ['sh', '-c', LOOK_AT_TERMINALS] };
  const limit = { what: `the look at the terminals of pod ${podName(ref.id)}`, limitMs: LOOK_LIMIT_MS };
  const { exitCode, stdout } = await withTimeLimit(limit, (signal) => execIn(ground, ref, command, signal));
  const [now = '', ...inputs] = stdout.trim().split('\n');
  if (exitCode !== 0 || !/^\d+$/.test(now)) {
    throw new RuntimeFailure('RuntimeUnavailable', `the terminals of pod ${podName(ref.id)} could not be looked at`);
  }
  const newestMs = Math.max(...inputs.map((seconds) => latestInputMs(Number(seconds) * 1_000)).filter(Number.isFinite));
  return Number.isFinite(newestMs) ? Date.now() - Math.max(0, Number(now) * 1_000 - newestMs) : null;
}

const LOOK_AT_TERMINALS = `date +%s
for terminal in /dev/pts/[0-9]*; do
  [ ! -c "$terminal" ] || stat -c %X "$terminal" || exit 1
done`;

/** Part of a log, through whatever pod has the home mounted. */
export async function readLog(ground: Ground, log: LogRef): Promise<{ text: Buffer; nextOffset: number } | null> {
  const pod = await ground.api.pods.read({ namespace: ground.namespaceOf(log.organization), name: podName(log.id) });
  if (pod === null || readPodState(pod).state !== 'running') {
    if ((await readClaim(ground, log)) === null) return null;
    throw new RuntimeFailure('RuntimeUnavailable', `the home of ${log.id} can only be read while a pod of it runs`);
  }
  const file = `.perennial/logs/build-${log.build}/${log.step}.log`;
  const argv = ['sh', '-c', READ_LOG, 'sh', file, String(log.offset), String(MAX_LOG_BYTES)];
  const limit = { what: `the reading of log ${file} of ${log.id}`, limitMs: LOG_LIMIT_MS };
  const { exitCode, stdout } = await withTimeLimit(limit, (signal) => runBinaryCommand(placeOf(ground, log), { argv }, signal));
  if (exitCode === NO_LOG) return null;
  const lineEnd = stdout.indexOf(10);
  const size = Number(stdout.subarray(0, lineEnd).toString());
  if (exitCode !== 0 || lineEnd < 0) throw new RuntimeFailure('RuntimeUnavailable', `log ${file} of ${log.id} could not be read`);
  const text = stdout.subarray(lineEnd + 1);
  return { text, nextOffset: Math.min(log.offset, size) + text.length };
}

const NO_LOG = 44;
const READ_LOG = `cd "$HOME" && [ -f "$1" ] || exit ${NO_LOG}
wc -c <"$1"
tail -c "+$(($2 + 1))" "$1" | head -c "$3"`;

/** The pod of this build, if it runs. */
export async function findRunning(ground: Ground, ref: PodRef): Promise<void> {
  const found = await observe(ground, ref);
  if (found.state === 'gone') throw lost(ref, found.reason);
}

/** Where its commands run. */
export function placeOf({ api, namespaceOf }: Ground, { id, organization }: Omit<PodRef, 'build'>) {
  return { socket: api.socket, namespace: namespaceOf(organization), pod: podName(id), container: MAIN_CONTAINER };
}

/** A command that came to no end may have lost its pod; only a certain answer says so. */
async function orPodLost<T>(ground: Ground, ref: PodRef, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isUnknown = error instanceof RuntimeFailure && error.type === 'RuntimeUnavailable';
    const found = isUnknown ? await observe(ground, ref).catch(() => null) : null;
    throw found?.state === 'gone' ? lost(ref, found.reason) : error;
  }
}

function lost({ id, build }: PodRef, reason: string): RuntimeFailure {
  return new RuntimeFailure('PodLost', `the pod of build ${build} of ${id} is gone: ${reason}`);
}
