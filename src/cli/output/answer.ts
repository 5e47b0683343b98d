import type { Answer, Outcome } from '../../contract/payloads';
import type { Session } from '../session';

/** Prints the answer to a request: as JSON, or as a sentence that says what the outcome means. */
export function printAnswer(session: Session, given: { workspace: string; request: string; answer: Answer }): void {
  const { workspace, request, answer } = given;
  const text = `${workspace}: ${describeOutcome(request, answer.outcome)}; it is ${answer.state}`;
  session.print({ json: { workspace, ...answer }, text });
}

/** An outcome in words. */
export function describeOutcome(request: string, outcome: Outcome): string {
  if (outcome === 'already') return `nothing to do for the ${request}`;
  return outcome === 'merged' ? `the ${request} was merged with what is under way` : `the ${request} was accepted`;
}
