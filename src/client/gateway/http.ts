import { setTimeout as pause } from 'node:timers/promises';
import { FINAL_TYPES, TEMPORARY_TYPES } from '../../contract/failure-types';
import { RequestFailure, type RequestFailureType } from '../failure';

/** Where a gateway answers, and who asks. */
export interface GatewayAccess {
  /** Its URL, `http:` or `https:`. */
  url: string;
  /** The token; read at each request, since a token in a file is renewed in place. */
  readToken(): Promise<string>;
}

/** Requests to a gateway. Every method rejects with a `RequestFailure`. */
export interface GatewayHttp {
  /** Sends a request, and returns the JSON that was answered; `withinMs` is for answers that take longer than most. */
  json<T>(method: string, path: string, body?: unknown, withinMs?: number): Promise<T>;
  /** Opens an answer that is read as it comes; it is closed when the signal is aborted. */
  open(path: string, options?: { headers?: Record<string, string>; signal?: AbortSignal }): Promise<Response>;
  /** The address and the token of a WebSocket. */
  socket(path: string): Promise<{ url: string; token: string }>;
}

/** For one answer as JSON. */
export const ANSWER_WITHIN_MS = 45_000;
/** What is asked for may be away for a moment, such as a gateway that is being replaced. */
const ATTEMPTS = 4;
const LONGEST_PAUSE_MS = 10_000;
const RETRIED = [429, 502, 503, 504];

/** Requests are retried where they change nothing and the gateway or what is behind it is away. */
export function createGatewayHttp({ url, readToken }: GatewayAccess): GatewayHttp {
  const base = url.replace(/\/+$/, '');
  const send = async (path: string, { headers, ...init }: RequestInit & { headers?: Record<string, string> }) => {
    const token = await readToken();
    try {
      const asked = { ...headers, authorization: `Bearer ${token}` };
      // Whatever a redirect leads to is not to get the token.
      return await fetch(`${base}${path}`, { ...init, headers: asked, redirect: 'manual' });
    } catch (error) {
      throw noAnswer(base, error);
    }
  };
  const receive = async (path: string, init: RequestInit & { headers?: Record<string, string> }) => {
    const attempts = init.method === 'GET' ? ATTEMPTS : 1;
    for (let attempt = 1; ; attempt += 1) {
      const response = await send(path, init).catch((error: unknown) => {
        if (attempt === attempts || init.signal?.aborted) throw error;
        return null;
      });
      if (response?.ok) return response;
      const isFinal = response !== null && (attempt === attempts || !RETRIED.includes(response.status));
      if (isFinal) throw await refusalOf(response);
      const seconds = Number(response?.headers.get('retry-after') ?? attempt);
      await response?.body?.cancel();
      await pause(Math.min(seconds * 1_000, LONGEST_PAUSE_MS));
    }
  };
  return {
    async json(method, path, body, withinMs = ANSWER_WITHIN_MS) {
      const content = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
      const response = await receive(path, { method, ...content, signal: AbortSignal.timeout(withinMs) });
      return (await response.json()) as never;
    },
    open: (path, options = {}) => receive(path, { method: 'GET', ...options }),
    socket: async (path) => ({ url: `${base}${path}`, token: await readToken() }),
  };
}

function noAnswer(base: string, error: unknown): RequestFailure {
  const { cause, message } = error as Error & { cause?: Error & { code?: string } };
  const why = cause?.code ?? cause?.message ?? message;
  return new RequestFailure('Unavailable', `no gateway answers at ${base}: ${why}`, { cause: error });
}

const TYPES: readonly string[] = [...FINAL_TYPES, ...TEMPORARY_TYPES, 'AlreadyExists', 'Unavailable', 'Failed'];

/** The refusal of a gateway, or of what stands in its place. */
async function refusalOf(response: Response): Promise<RequestFailure> {
  const text = await response.text().catch(() => '');
  const location = response.headers.get('location');
  const rest = location === null ? '' : `, a redirect to ${location}, which is not followed: use the URL of the gateway itself`;
  const { type, message } = parseRefusal(text) ?? { type: 'Failed', message: `the gateway answered ${response.status}${rest}` };
  if (response.status === 401) return new RequestFailure('NotAllowed', `the token was refused: ${message}`);
  const known = TYPES.includes(type) ? type : response.status === 429 ? 'Unavailable' : 'Failed';
  return new RequestFailure(known as RequestFailureType, message);
}

function parseRefusal(text: string): { type: string; message: string } | null {
  try {
    const { error } = JSON.parse(text) as { error?: { type?: unknown; message?: unknown } };
    return typeof error?.type === 'string' && typeof error.message === 'string'
      ? { type: error.type, message: error.message }
      : null;
  } catch {
    return null;
  }
}
