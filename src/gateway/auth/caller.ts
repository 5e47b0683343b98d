import type { Caller } from '../../secrets/tokens';

/** The `by` of what the caller asks for. A workspace and a service cannot pass for a person. */
export function byOf(caller: Caller): string {
  return caller.kind === 'owner' ? caller.owner : caller.subject;
}
