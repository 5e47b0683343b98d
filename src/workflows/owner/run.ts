import type { OwnerState } from './rules/state';

/** What the loop and the handlers of an owner share besides the state. It lives in memory and ends with the run. */
export interface OwnerRun {
  state: OwnerState;
  /** Set when the loop has to decide again. */
  isAwake: boolean;
  /** How many checks of the ledger have ended, well or not. */
  checks: number;
  /** The history's length at the task that last answered an update. */
  answeredAt: number;
  /** Whether this run has to end and continue as new. */
  mustHandOver: () => boolean;
  /** Updates the current details. */
  refresh: () => void;
}
