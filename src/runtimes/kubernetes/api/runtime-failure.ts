import type { FailureType } from '../../../contract/failure-types';
import { RuntimeFailure } from '../../failure';
import { ApiFailure } from './api-error';

/** The failure of the closed list for a failed call about `what`. Any other error is a bug, and stays as it is. */
export function failureOf(error: unknown, what: string): unknown {
  if (!(error instanceof ApiFailure)) return error;
  return new RuntimeFailure(typeOf(error), `${what}: ${error.message}`);
}

/** Failures that may pass are retried: tokens are renewed, roles are restored, quotas get room, servers restart. */
function typeOf({ status, message }: ApiFailure): FailureType {
  if (status === 403) return refusalOf(message);
  if (status === 404) return 'NotFound';
  if (status === 400 || status === 422) return 'InvalidRequest';
  return 'RuntimeUnavailable';
}

/** A server that has just started does not know all roles, quotas, and accounts yet; an administrator may repair the rest. */
function refusalOf(message: string): FailureType {
  if (/exceeded quota/.test(message)) return 'NoCapacity';
  const isPassing = /User ".*" cannot|status unknown for quota|service ?account .*not found/i.test(message);
  return isPassing ? 'RuntimeUnavailable' : 'NotAllowed';
}
