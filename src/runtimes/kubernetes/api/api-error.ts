import { cutEnd } from '../../text';

/** What an API server answered, or that it did not. It holds nothing of the request, and so no token. */
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

/** What something is decided by: there is none, it is another's, it is refused. */
const DECISIVE = new Set([400, 403, 404, 409, 410, 422]);

/**
 * What a status and the text that came with it say. A proxy in between may answer with anything, and so nothing is decided by a
 * status that Kubernetes did not explain: an unreachable cluster is not an empty one.
 */
export function readAnswer(status: number, body: string): ApiFailure {
  const { kind, message, reason } = parseStatus(body);
  const said = message ?? `the API server answered ${status}`;
  const isKnown = kind === 'Status' || !DECISIVE.has(status);
  return new ApiFailure(cutEnd(said, LONGEST), { status: isKnown ? status : null, reason: cutEnd(reason ?? '', LONGEST) });
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
 * Why a server gave no answer that can be read, in words that name it and nothing else: errors of the layers below hold requests,
 * with their tokens.
 */
export function noAnswer(server: string, error: unknown, withinMs: number): ApiFailure {
  const why = isTimeout(error) ? `did not answer within ${withinMs / 1_000} s` : wordsOf(error);
  return new ApiFailure(`the API server at ${server} ${why}`, { status: null, reason: '' });
}

/** Whether the time for a call was over, rather than the connection. */
export function isTimeout(error: unknown): boolean {
  const { code, name } = error as { code?: string; name?: string };
  return name === 'AbortError' || name === 'TimeoutError' || code === 'ETIMEDOUT';
}

function wordsOf(error: unknown): string {
  if (error instanceof SyntaxError) return 'answered with something that is not JSON';
  const { code } = error as { code?: unknown };
  if (typeof code !== 'string') return 'could not be asked';
  if (/CERT|SIGNATURE/.test(code)) return `showed a certificate that is not trusted (${code})`;
  return WORDS[code] ?? `could not be asked (${code})`;
}

/** The code of an error that is ours: an answer that goes on and on. */
export const TOO_MUCH = 'TOO_MUCH';

const WORDS: Record<string, string> = {
  [TOO_MUCH]: 'answered with more than anybody asked for',
  ECONNREFUSED: 'refused the connection',
  ECONNRESET: 'broke the connection off',
  ERR_STREAM_PREMATURE_CLOSE: 'broke the connection off',
  EPIPE: 'broke the connection off',
  ENOTFOUND: 'has a name that is not known',
};
