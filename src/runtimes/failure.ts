import type { FailureType } from '../contract/failure-types';
import { cutEnd } from './text';

/** The failure of every verb: a type of the closed list, and one sentence with the subject, the expectation, and the fact. */
export class RuntimeFailure extends Error {
  constructor(
    readonly type: FailureType,
    message: string,
    options: { cause?: unknown; details?: unknown } = {},
  ) {
    // Parts of it are text of any length from other programs, and histories keep it.
    super(cutEnd(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'RuntimeFailure';
    this.details = options.details;
  }

  /** For `StaleBuild`: `{ found: number }`, the newest build seen. Never a secret: histories keep details. */
  readonly details: unknown;
}
