import { untilAborted } from '../../hooks/until-aborted';
import type { RuntimeFailure } from '../failure';
import type { Progress, Runtime } from '../runtime';

/** The verbs that can be made to fail or to wait. */
export type Verb = Exclude<keyof Runtime, 'name' | 'close'>;

/** Faults at the `call`th call of a verb, counted from 1 for each verb. */
export interface FaultOptions {
  /** Fails the call before it has an effect. */
  fail?(verb: Verb, call: number): RuntimeFailure | undefined;
  /** Fails the call after its effect, like an answer that was lost. */
  failLate?(verb: Verb, call: number): RuntimeFailure | undefined;
  /** Delays the call before its effect, until the promise resolves. */
  hold?(verb: Verb, call: number): Promise<void> | undefined;
}

/** One call of a verb, and the caller's side of its wait. */
export interface VerbCall {
  verb: Verb;
  call: number;
  waiting: Partial<Progress>;
}

/** Does the work of a call with the faults that the options inject. */
export async function withFaults<T>(
  options: FaultOptions,
  { verb, call, waiting }: VerbCall,
  work: () => T | Promise<T>,
): Promise<T> {
  const before = options.fail?.(verb, call);
  if (before !== undefined) throw before;
  const hold = options.hold?.(verb, call);
  if (hold !== undefined) waiting.waitingFor?.(`what holds ${verb} up`);
  await untilAborted(waiting.signal ?? new AbortController().signal, async () => hold);
  const answer = await work();
  const after = options.failLate?.(verb, call);
  if (after !== undefined) throw after;
  return answer;
}
