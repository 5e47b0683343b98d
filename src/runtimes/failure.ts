import type { FailureType } from '../contract/failure-types';
import { cutEnd } from './text';

/** What every runtime throws: one of the closed list of types, and one sentence that names the thing, what was expected, and what came. */
export class RuntimeFailure extends Error {
  constructor(
    readonly type: FailureType,
    message: string,
    options: { cause?: unknown; details?: unknown } = {},
  ) {
    // Parts of it come from elsewhere, at any length, and it is kept in histories.
    super(cutEnd(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'RuntimeFailure';
    this.details = options.details;
  }

  /** For `StaleBuild`: `{ found: number }`, the newest build seen. Never a secret: details are kept in histories. */
  readonly details: unknown;
}
