/** A hook step as shell text. The arguments of the step are those that follow the common ones. */
export interface HookScript {
  /** A command that succeeds when there is certainly nothing to run; it has the step's arguments. */
  isIdle: string;
  /** Why it is skipped then; without quotes. */
  idleReason: string;
  /** What the runner runs; it has the path of the report and the step's arguments. */
  text: string;
}
