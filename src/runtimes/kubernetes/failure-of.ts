import { RuntimeFailure } from '../failure';
import type { FailureType } from '../failure-types';
import { ApiFailure } from './api-failure';

/** The failure of the closed list for what Kubernetes said about `what`. An error that is neither is a bug, and stays what it is. */
export function failureOf(error: unknown, what: string): unknown {
  if (!(error instanceof ApiFailure)) return error;
  return new RuntimeFailure(typeOf(error), `${what}: ${error.message}`);
}

/** What may mend itself is tried again: a token is renewed, a quota gets room, a server comes back. */
function typeOf({ status, message }: ApiFailure): FailureType {
  if (status === 403) return /exceeded quota/.test(message) ? 'NoCapacity' : 'NotAllowed';
  if (status === 404) return 'NotFound';
  if (status === 400 || status === 422) return 'InvalidRequest';
  return 'RuntimeUnavailable';
}
