/**
 * A hook step and its result. The code in this folder runs inside a workspace, as shell text, or controls that through one function,
 * `exec`; it knows neither Temporal nor any runtime.
 */

/** Runs one command in the pod as the image's user, in the home; rejects when the pod is lost or out of reach. */
export type Exec = (command: {
  argv: string[];
  stdin?: string;
  env?: Record<string, string>;
}) => Promise<{ exitCode: number; stdout: string; stderr: string }>;

/** A step of a build that runs in the pod. */
export type HookStep = 'configure' | 'personalize';

/** One run of a step. */
export interface HookSpec {
  step: HookStep;
  /** The number of the build; a step runs once for each build and pod. */
  build: number;
  /** The time limit of the step in milliseconds; after it the hook is ended and the step is a warning. */
  timeoutMs: number;
  /** The repository, and a branch, tag, or commit of it; null for `configure`, and when none is set. */
  dotfiles: { uri: string; ref?: string } | null;
}

/** The end of a hook step. A hook never fails a build: a fault is a warning. */
export interface HookResult {
  state: 'done' | 'skipped' | 'warning';
  /** One sentence: what was done, or what went wrong; null when nothing was. */
  message: string | null;
  /** Sentences for the build's warnings; empty when all went well. */
  warnings: string[];
  /** At most 50 lines of at most 300 characters, without control characters, masked. */
  lastLines: string[];
}

/** A hook step that has ended, of several that ran one after another. */
export interface EndedHook {
  step: HookStep;
  result: HookResult;
  /** Milliseconds from the end of the one before. */
  tookMs: number;
}

/** What a run needs from its caller. */
export interface HookProgress {
  /** Ends the waiting, not the hook. */
  signal: AbortSignal;
  /** Receives one sentence about what is waited for. */
  waitingFor(sentence: string): void;
}
