import type { State } from './rules/state';

/** What the loop and the handlers share besides the state. It lives in memory and ends with the run. */
export interface Run {
  state: State;
  /** Makes the loop decide again: the state changed. */
  wake: () => void;
  /** Whether the loop was woken since its last decision. */
  isAwake: boolean;
  /** Updates the current details without waking the loop. */
  refresh: () => void;
  /** Whether this run has to end and continue as new. */
  mustHandOver: () => boolean;
  /** The plan that is being computed; null for none. */
  planning: Promise<void> | null;
  /** Usage reports on their way to the organization, and the last of them. */
  reports: { pending: number; last: Promise<void> };
  /** The history's length at the task that last answered an update. */
  answeredAt: number;
}
