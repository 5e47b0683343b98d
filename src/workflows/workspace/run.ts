import type { State } from './rules/state';

/** What the loop and the handlers share besides the state; none of it outlives this run. */
export interface Run {
  state: State;
  /** Something changed that the loop has to look at. */
  wake: () => void;
  isAwake: boolean;
  /** Something changed that only people have to see. */
  refresh: () => void;
  /** This run is to end and another to take over. */
  mustHandOver: () => boolean;
  /** The plan that is being computed. */
  planning: Promise<void> | null;
  reports: { pending: number; last: Promise<void> };
  /** The length of the history at the task that last answered an update. */
  answeredAt: number;
}
