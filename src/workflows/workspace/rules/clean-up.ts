/**
 * Implements docs/messages.md, "States and requests": the state changes only when the pod is removed, and an answered stop, cancel, or
 * delete holds whatever the removal runs into. The purge ends the workspace.
 */
import { cutText } from '../../../contract/text-limit';
import { cancelSteps } from './build-steps';
import { iso } from './instant';
import { forgetPodSecrets } from './secrets/refresh';
import { currentBuild, type State } from './state';
import { KEPT_MESSAGE } from './state-limits';
import { enter } from './transition';

/**
 * Takes the removal of the pod of build `removed`, which removed those of all older builds too; null when there was none. Enters the
 * state that the clean-up leads to, unless the pod of a newer build was found meanwhile and has to be removed as well.
 */
export function podRemoved(state: State, removed: number | null, now: number): void {
  if (removed !== null && state.podBuild !== null && state.podBuild <= removed) {
    state.podBuild = null;
    forgetPodSecrets(state);
  }
  const { ending } = state;
  if (state.podBuild !== null || !ending) return;
  const build = currentBuild(state);
  if (build) cancelSteps(build, now);
  state.ending = null;
  enter(state, ending.to === 'build' ? 'off' : ending.to, ending, now);
}

/** Takes the removal of the home: the workspace is `purged`. */
export function homePurged(state: State, now: number): void {
  const evidence = `deleted, kept until ${iso(state.purgeAt ?? now)}`;
  state.home = null;
  enter(state, 'purged', { cause: 'purge', by: null, rule: 'retention', evidence }, now);
}

/** Records what a clean-up that has not ended yet waits for. */
export function noteBlocked(state: State, { type, message }: { type: string; message: string }, now: number): void {
  state.blocked = { since: state.blocked?.since ?? now, because: cutText(`${type}: ${message}`, KEPT_MESSAGE) };
}
