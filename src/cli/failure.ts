/** A command that failed for a reason of its own, not of the workspace's or the runtime's. `details` go into the JSON, beside the error. */
export class CliFailure extends Error {
  constructor(
    readonly type: string,
    message: string,
    readonly given: { details?: Record<string, unknown>; exitCode?: number } = {},
  ) {
    super(message);
    this.name = 'CliFailure';
  }
}

/** What a failed command prints, and the code that it exits with. */
export interface FailureReport {
  exitCode: number;
  /** One line for people. */
  text: string;
  json: Record<string, unknown>;
}

/** Whatever was thrown, as its type and one sentence. */
export function describeFailure(error: unknown): FailureReport {
  const message = error instanceof Error ? error.message : String(error);
  const type = isTyped(error) ? error.type : 'Failed';
  const { details = {}, exitCode = 1 } = error instanceof CliFailure ? error.given : {};
  return { exitCode, text: `perennial: ${type}: ${message}`, json: { ...details, error: { type, message } } };
}

/** The classes whose `type` is one of the contract's. By name: to load the client and the runtimes takes longer than most commands. */
const TYPED_FAILURES = ['CliFailure', 'RequestFailure', 'RuntimeFailure'];

function isTyped(error: unknown): error is Error & { type: string } {
  return error instanceof Error && TYPED_FAILURES.includes(error.name) && 'type' in error;
}
