import type { FailureType } from '../../../contract/failure-types';
import { RuntimeFailure } from '../../failure';
import { ApiFailure } from './api-error';

/** The failure of the closed list for what Kubernetes said about `what`. An error that is neither is a bug, and stays what it is. */
export function failureOf(error: unknown, what: string): unknown {
  if (!(error instanceof ApiFailure)) return error;
  return new RuntimeFailure(typeOf(error), `${what}: ${error.message}`);
}

/** What may mend itself is tried again: a token is renewed, a role comes back, a quota gets room, a server comes back. */
function typeOf({ status, message }: ApiFailure): FailureType {
  if (status === 403) return refusalOf(message);
  if (status === 404) return 'NotFound';
  if (status === 400 || status === 422) return 'InvalidRequest';
  return 'RuntimeUnavailable';
}

/** A server that has just started does not know all roles, quotas, and accounts yet, and an administrator may mend the rest. */
function refusalOf(message: string): FailureType {
  if (/exceeded quota/.test(message)) return 'NoCapacity';
  const isPassing = /User ".*" cannot|status unknown for quota|service ?account .*not found/i.test(message);
  return isPassing ? 'RuntimeUnavailable' : 'NotAllowed';
}
