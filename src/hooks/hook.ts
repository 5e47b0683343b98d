/**
 * What a hook step is and what it comes to. The code in this folder runs inside a workspace (as shell text), or drives what
 * runs there through one function, `exec`; it knows neither Temporal nor any runtime.
 */

/** Runs one command in the pod as the image's user, in the home; rejects when the pod is lost or out of reach. */
export type Exec = (command: {
  argv: string[];
  stdin?: string;
  env?: Record<string, string>;
}) => Promise<{ exitCode: number; stdout: string; stderr: string }>;

export type HookStep = 'configure' | 'personalize';

export interface HookSpec {
  step: HookStep;
  build: number;
  /** The step's own time limit in milliseconds; past it the hook is ended and the step is a warning. */
  timeoutMs: number;
  /** For `personalize` only. */
  dotfiles: { uri: string; ref?: string } | null;
}

/** The end of a hook step. A hook never fails a build: what went wrong is a warning. */
export interface HookResult {
  state: 'done' | 'skipped' | 'warning';
  /** One sentence: what was found, or what went wrong; null when there is nothing to say. */
  message: string | null;
  /** Sentences for the build's warnings; empty when all went well. */
  warnings: string[];
  /** At most 50 lines of at most 300 characters, without control characters, masked. */
  lastLines: string[];
}

export interface HookProgress {
  signal: AbortSignal;
  waitingFor(sentence: string): void;
}
