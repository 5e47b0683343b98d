/**
 * Implements docs/failures.md, "PodLost": a lost pod is rebuilt, the fourth loss in an hour is an error, and a workspace whose auto-off
 * fell due meanwhile goes `off`. A pod of a newer build, found after a reset, is removed.
 */
import { HOUR_MS } from '../../../contract/duration';
import type { PodLostInput } from '../../../contract/internal/payloads';
import { isDueWithoutPod } from './auto-off';
import { currentBuild, newestBuild, type State } from './state';
import { enter, queueBuild, type Reason, recordReplaced, turnOff } from './transition';

/** Losses in an hour that are rebuilt; the next one is an error. */
export const MAX_LOSSES = 3;

/** Takes a report of the watch that a pod is gone, or that the pod of an unknown newer build runs. A stale report changes nothing. */
export function takePodLost(state: State, lost: PodLostInput, now: number): void {
  if (lost.found !== undefined && lost.found > state.buildNumber) return noteNewerBuild(state, lost.found, now);
  const build = newestBuild(state);
  if (state.phase !== 'running' || state.ending || build?.number !== lost.build) return;
  if (isDueWithoutPod(state, now)) return turnOff(state, 'off', autoOffReason(state, lost), now);
  state.losses = state.losses.filter((at) => at > now - HOUR_MS);
  if (lost.counted) state.losses.push(now);
  const because: Reason = { cause: 'pod-lost', by: 'watch', rule: null, evidence: lost.reason };
  if (lost.counted && state.losses.length > MAX_LOSSES) {
    const rule = `more than ${MAX_LOSSES} lost pods in an hour`;
    build.failure = { type: 'PodLost', message: `${lost.reason}; ${rule}`, step: 'start-pod' };
    enter(state, 'error', { ...because, rule }, now);
    return;
  }
  queueBuild(state, because);
  enter(state, 'building', because, now);
}

/** After a reset the runtime knows newer builds than this run: takes a number above them, removes that pod, and builds. */
export function noteNewerBuild(state: State, found: number, now: number): void {
  state.buildNumber = Math.max(state.buildNumber, found);
  state.podBuild = found;
  const evidence = `build ${found} was found, newer than any known here (the workflow was reset)`;
  const because: Reason = { cause: 'pod-lost', by: 'watch', rule: null, evidence };
  if (state.next) queueBuild(state, state.next);
  if (state.phase === 'running') {
    queueBuild(state, because);
    enter(state, 'building', because, now);
  } else if (state.phase === 'building' && !state.ending) {
    const current = currentBuild(state);
    if (!current) return;
    queueBuild(state, { cause: current.cause, by: current.by, rule: null, evidence });
    recordReplaced(state, current.number);
    state.ending = { ...because, to: 'build', cause: 'build-cancelled' };
  }
}

function autoOffReason(state: State, lost: PodLostInput): Reason {
  const rule = `policy version ${state.policy?.version ?? '?'}`;
  const evidence = `the pod was gone already (${lost.reason}) and the auto-off was due`;
  return { cause: 'auto-off', by: 'inactivity', rule, evidence };
}
