/** What the gateway answers instead of a result: a status, a type, and one sentence. */
import { RequestFailure, type RequestFailureType } from '../client';
import { RuntimeFailure } from '../runtimes/failure';

/** The types besides those of requests. */
type GatewayErrorType = RequestFailureType | 'Unauthorized' | 'MethodNotAllowed' | 'TooLarge' | 'TooManyRequests';

/** An error with its HTTP status. Fastify reads `statusCode`. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';

  constructor(
    readonly statusCode: number,
    readonly type: GatewayErrorType,
    message: string,
    readonly options: ErrorOptions & { headers?: Record<string, string> } = {},
  ) {
    super(message, options);
  }
}

export const unauthorized = (message: string): GatewayError =>
  new GatewayError(401, 'Unauthorized', message, { headers: { 'www-authenticate': 'Bearer' } });

export const notAllowed = (message: string): GatewayError => new GatewayError(403, 'NotAllowed', message);

/** It is never received; the status is that of common proxies for it. */
export const clientLeft = (): GatewayError => new GatewayError(499, 'Unavailable', 'the client has left');

/** The sentence of the client for a workspace that does not exist, so that the two look the same. */
export const noSuchWorkspace = (owner: string, name: string): GatewayError =>
  new GatewayError(404, 'NotFound', `workspace ${owner}/${name} does not exist`);

const STATUSES: Record<RequestFailureType, number> = {
  InvalidRequest: 400,
  ImageNotFound: 400,
  ImageInvalid: 400,
  NotAllowed: 403,
  QuotaExceeded: 403,
  NotFound: 404,
  HomeMissing: 404,
  AlreadyExists: 409,
  Failed: 500,
  Unavailable: 503,
  RuntimeUnavailable: 503,
  NoCapacity: 503,
  HomeBusy: 503,
  BuildTimedOut: 503,
};

/** The types of the errors that fastify itself raises. */
const TYPES: Record<number, GatewayErrorType> = {
  401: 'Unauthorized',
  403: 'NotAllowed',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  413: 'TooLarge',
  429: 'TooManyRequests',
  503: 'Unavailable',
};

/** Any error as what is answered. What has no status of its own is 500, and its sentence stays in the log. */
export function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  if (error instanceof RequestFailure || error instanceof RuntimeFailure) {
    const status = STATUSES[error.type as RequestFailureType] ?? 500;
    if (status < 500 || status === 503)
      return new GatewayError(status, error.type as RequestFailureType, error.message, { cause: error });
  }
  const status = statusOf(error);
  if (status !== null)
    return new GatewayError(status, TYPES[status] ?? 'InvalidRequest', (error as Error).message, { cause: error });
  return new GatewayError(500, 'Failed', 'the request failed; the log of the gateway says why', { cause: error });
}

/** The body of every error. */
export const errorBody = ({ type, message }: GatewayError) => ({ error: { type, message } });

function statusOf(error: unknown): number | null {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : null;
  return typeof status === 'number' && ((status >= 400 && status < 500) || status === 503) ? status : null;
}
