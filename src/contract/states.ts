/** The closed lists of words in payloads: states, causes, steps, outcomes. */

/** The states of a workspace. `purged` is the last one: its workflow has completed, and nothing is left. */
export const WORKSPACE_STATES = ['off', 'building', 'running', 'turning-off', 'error', 'deleted', 'purged'] as const;
/** The state of a workspace. In `error` a build has failed, nothing runs, and the home is kept. */
export type WorkspacePhase = (typeof WORKSPACE_STATES)[number];

/** The states in which a workspace has a home and wants no pod. */
export const DOWN_STATES: ReadonlySet<unknown> = new Set<WorkspacePhase>(['off', 'error', 'deleted']);

/** Whether a workspace in this state may have a pod; it then counts in what its owner and its organization have running. */
export function mayHavePod(state: string): boolean {
  return state === 'building' || state === 'running' || state === 'turning-off';
}

/** Why a workspace was built or changed its state. */
export type Cause =
  | 'created'
  | 'manual-start'
  | 'manual-stop'
  | 'manual-rebuild'
  | 'forced-rebuild'
  | 'auto-start'
  | 'auto-off'
  | 'build-finished'
  | 'build-failed'
  | 'build-cancelled'
  | 'pod-lost'
  | 'policy'
  | 'delete'
  | 'restore'
  | 'purge';

/** The steps of a build, in their order. */
export const STEP_NAMES = ['admit', 'prepare-home', 'start-pod', 'inject-secrets', 'configure', 'personalize'] as const;
/** A step of a build. */
export type StepName = (typeof STEP_NAMES)[number];
/** The state of a step. `warning`: it failed, and the workspace runs all the same. */
export type StepState = 'waiting' | 'running' | 'done' | 'skipped' | 'warning' | 'failed' | 'cancelled';

/**
 * What a request led to. `accepted`: it changes what the workspace does. `merged`: an equal request was accepted before, and both are
 * served together. `already`: the workspace is what was asked for.
 */
export type Outcome = 'accepted' | 'merged' | 'already';
