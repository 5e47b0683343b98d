import { createPlainTextStream } from '../../client/pages/plain-text';
import type { Session } from '../session';

/** Prints the parts of a log as they come, or keeps them for JSON. */
export interface LogPrinter {
  take(part: string): void;
  /** What was kept for JSON. */
  end(): string;
}

/**
 * On a terminal a log is free of control codes, and has a header where there is more than one; a pipe gets the text unchanged.
 */
export function createLogPrinter(
  { session, number, steps }: { session: Pick<Session, 'context' | 'json'>; number: number; steps: readonly string[] },
  step: string,
): LogPrinter {
  const { out } = session.context;
  const plain = session.json || out.columns() === null ? null : createPlainTextStream();
  let isBegun = false;
  let text = '';
  const print = (part: string) => {
    if (plain && !isBegun && steps.length > 1) out.write(`--- ${step} of build ${number} ---\n`);
    isBegun = true;
    if (session.json) text += part;
    else out.write(part);
  };
  return {
    take: (part) => print(plain ? plain.push(part) : part),
    end: () => {
      if (plain) print(plain.end());
      return text;
    },
  };
}

/** What is said where a log is not in the home. */
export function describeMissing(
  number: number,
  step: { name: string; state?: string | undefined; message?: string | null | undefined },
): string {
  const { name, state, message } = step;
  if (state === 'done' || state === 'warning' || state === 'failed') {
    return `the log of ${name} of build ${number} is not in the home any more; these are its last lines, as far as they are known`;
  }
  return `there is no log of ${name} of build ${number}: the step is ${state ?? 'unknown'}${message ? ` (${message})` : ''}`;
}
