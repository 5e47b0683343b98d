import { cutEnd } from '../../text';

/** A refusal by an API server, or a missing answer. It holds nothing of the request, and so no token. */
export class ApiFailure extends Error {
  /** The HTTP status; null when nothing is known: refused, reset, timed out. */
  readonly status: number | null;
  /** Kubernetes' own reason, for example `AlreadyExists`; empty where there is none. */
  readonly reason: string;

  constructor(message: string, { status, reason }: { status: number | null; reason: string }) {
    super(message);
    this.name = 'ApiFailure';
    this.status = status;
    this.reason = reason;
  }
}

const LONGEST = 400;

/** Statuses that callers decide by: absent, in conflict, refused. */
const DECISIVE = new Set([400, 403, 404, 409, 410, 422]);

/**
 * The failure for a status and its body. A proxy may answer with any page, so that a decisive status counts only with the `Status` object
 * of Kubernetes: an unreachable cluster is not an empty one.
 */
export function readAnswer(status: number, body: string): ApiFailure {
  const { kind, message, reason } = parseStatus(body);
  const text = message ?? `the API server answered ${status}`;
  const isKnown = kind === 'Status' || !DECISIVE.has(status);
  return new ApiFailure(cutEnd(text, LONGEST), { status: isKnown ? status : null, reason: cutEnd(reason ?? '', LONGEST) });
}

function parseStatus(body: string): { kind?: unknown; message?: string; reason?: string } {
  try {
    const { kind, message, reason } = JSON.parse(body) as { kind?: unknown; message?: unknown; reason?: unknown };
    return {
      kind,
      ...(typeof message === 'string' && message !== '' ? { message } : {}),
      ...(typeof reason === 'string' ? { reason } : {}),
    };
  } catch {
    return {};
  }
}

/**
 * The failure for a missing or unreadable answer. The message names the server alone: errors of the layers below hold requests with their
 * tokens.
 */
export function noAnswer(server: string, error: unknown, withinMs: number): ApiFailure {
  const why = isTimeout(error) ? `did not answer within ${withinMs / 1_000} s` : describeError(error);
  return new ApiFailure(`the API server at ${server} ${why}`, { status: null, reason: '' });
}

/** Whether the error is a timeout, and not the end of the connection. */
export function isTimeout(error: unknown): boolean {
  const { code, name } = error as { code?: string; name?: string };
  return name === 'AbortError' || name === 'TimeoutError' || code === 'ETIMEDOUT';
}

function describeError(error: unknown): string {
  if (error instanceof SyntaxError) return 'answered with something that is not JSON';
  const { code } = error as { code?: unknown };
  if (typeof code !== 'string') return 'could not be asked';
  if (/CERT|SIGNATURE/.test(code)) return `showed a certificate that is not trusted (${code})`;
  return BY_CODE[code] ?? `could not be asked (${code})`;
}

/** The code of the error for an answer above the size limit. */
export const TOO_MUCH = 'TOO_MUCH';

const BY_CODE: Record<string, string> = {
  [TOO_MUCH]: 'sent more than any answer may hold',
  ECONNREFUSED: 'refused the connection',
  ECONNRESET: 'broke the connection off',
  ERR_STREAM_PREMATURE_CLOSE: 'broke the connection off',
  EPIPE: 'broke the connection off',
  ENOTFOUND: 'has a name that is not known',
};
