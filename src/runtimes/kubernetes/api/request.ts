import http, { type IncomingMessage } from 'node:http';
import https, { type Agent } from 'node:https';
import { ApiFailure, readAnswer, TOO_MUCH } from './api-error';

/** Enough for any `Status` object; a longer body is a proxy's page. */
const MAX_REFUSAL_BYTES = 64 * 1024;
/** Ten times a page of 500 pods. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** A request over HTTP or HTTPS. */
export interface Request {
  url: URL;
  method: string;
  headers: Record<string, string>;
  agent: Agent;
  body?: string;
  /** Ends the request, and the reading of the answer. */
  signal: AbortSignal;
  /** The longest time until the answer begins. */
  beginWithinMs: number;
}

/**
 * Sends a request, and waits until the answer begins. The library's own transport does not notice when a body with a length breaks off,
 * and waits for its rest.
 */
export function sendRequest({ url, method, headers, agent, body, signal, beginWithinMs }: Request): Promise<IncomingMessage> {
  const { request } = url.protocol === 'http:' ? http : https;
  // Node itself sends no length with DELETE.
  const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const call = request(url, { method, headers: { ...headers, ...length }, agent, signal });
    const late = setTimeout(() => call.destroy(timedOut()), beginWithinMs);
    call.on('error', reject);
    call.on('response', resolve);
    call.on('response', () => clearTimeout(late));
    call.on('close', () => clearTimeout(late));
    call.end(body);
  });
}

/** Ends an answer that is silent for too long. */
export function endSilence(response: IncomingMessage, withinMs: number): void {
  response.socket.setTimeout(withinMs, () => response.destroy(timedOut()));
}

function timedOut(): Error {
  return Object.assign(new Error('silent for too long'), { code: 'ETIMEDOUT' });
}

/** The whole body; rejects when it breaks off, or exceeds the limit. */
export async function readBody(response: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    parts.push(part);
    size += part.length;
    if (size > MAX_BODY_BYTES) throw Object.assign(new Error('too much'), { code: TOO_MUCH });
  }
  return Buffer.concat(parts);
}

/** The library would make an empty object from a page of HTML, which reads like an absent pod. */
export function requireJson(server: string, kind = 'no content type'): void {
  if (/^application\/([\w.-]+\+)?json\b/.test(kind)) return;
  throw new ApiFailure(`the API server at ${server} answered with ${kind.slice(0, 60)} instead of JSON`, {
    status: null,
    reason: '',
  });
}

/** The refusal that a server sent instead of a stream. A body that breaks off counts as far as it was received. */
export async function readRefusal(response: IncomingMessage, withinMs: number): Promise<ApiFailure> {
  endSilence(response, withinMs);
  let body = Buffer.alloc(0);
  try {
    for await (const part of response as AsyncIterable<Buffer>) {
      body = Buffer.concat([body, part]);
      if (body.length > MAX_REFUSAL_BYTES) break;
    }
  } catch {
    // The status is known, and counts without the rest of the body.
  }
  return readAnswer(response.statusCode ?? 0, body.toString('utf8'));
}
