import type { Agent } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import {
  createConfiguration,
  type RequestContext,
  ResponseContext,
  SelfDecodingBody,
  ServerConfiguration,
  wrapHttpLibrary,
} from '@kubernetes/client-node';
import { isTimeout, noAnswer } from './api-error';
import type { Access } from './credentials';
import { readBody, requireJson, sendRequest } from './request';

/** A caller has its own long retry; here only what is over in a moment is bridged. */
const PAUSES_MS = [200, 600];
const MAX_RETRY_AFTER_MS = 5_000;
const MAX_CONNECTIONS = 100;
/** Shorter than what the machines in between keep an idle connection for, which tell nobody when they drop it. */
const IDLE_MS = 30_000;

/** The way to the API server: one agent that keeps connections, a limit on every call, and a count of them. */
export interface Transport {
  configuration: ReturnType<typeof createConfiguration>;
  count(call: string): void;
  calls: ReadonlyMap<string, number>;
  close(): void;
}

/** The library makes a connection for each call, waits for ever, and never tries again; each of the three is mended here. */
export function openTransport(access: Access, timeoutMs: number): Transport {
  const calls = new Map<string, number>();
  const count = (call: string) => void calls.set(call, (calls.get(call) ?? 0) + 1);
  const agents = keepAgents();
  const send = async (request: RequestContext) => {
    const { headers, agent } = await access.credentials();
    for (const [name, value] of Object.entries(headers)) request.setHeaderParam(name, value);
    const shared = agents.like(agent);
    const answer = await sendPatiently(() => {
      count(`${request.getHttpMethod()} ${kindOf(request.getUrl())}`);
      return sendOnce(request, shared, timeoutMs);
    }).catch((error: unknown) => Promise.reject(noAnswer(access.name, error, timeoutMs)));
    if (answer.httpStatusCode < 300) requireJson(access.name, answer.headers['content-type']);
    return answer;
  };
  const baseServer = new ServerConfiguration(access.server, {});
  const configuration = createConfiguration({ baseServer, httpApi: wrapHttpLibrary({ send }) });
  return { configuration, count, calls, close: agents.close };
}

/**
 * All our calls are safe to send again: creations are of fixed names, deletions and changes name the object's version. A call that
 * was not answered in time is not: it would only wait as long once more.
 */
async function sendPatiently(send: () => Promise<ResponseContext>): Promise<ResponseContext> {
  for (const pauseMs of PAUSES_MS) {
    const outcome = await send().catch((error: unknown) => {
      if (isTimeout(error)) throw error;
      return null;
    });
    const isOver = outcome !== null && outcome.httpStatusCode !== 429 && outcome.httpStatusCode < 500;
    if (isOver) return outcome;
    await pause(Math.max(retryAfterMs(outcome), pauseMs * (0.5 + Math.random())));
  }
  return send();
}

/** With the whole body, which may break off as well, and which keeps the connection from others until it is read. */
async function sendOnce(request: RequestContext, agent: Agent, timeoutMs: number): Promise<ResponseContext> {
  const signal = AbortSignal.timeout(timeoutMs);
  const [url, method, body] = [new URL(request.getUrl()), request.getHttpMethod(), request.getBody()];
  const content = typeof body === 'string' ? { body } : {};
  try {
    const response = await sendRequest({
      url,
      method,
      headers: request.getHeaders(),
      agent,
      ...content,
      signal,
      beginWithinMs: timeoutMs,
    });
    const bytes = await readBody(response);
    const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
    return new ResponseContext(
      response.statusCode ?? 0,
      Object.fromEntries(headers),
      new SelfDecodingBody(Promise.resolve(bytes)),
    );
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
}

function retryAfterMs(response: ResponseContext | null): number {
  const seconds = Number(response?.headers['retry-after']);
  return Number.isFinite(seconds) ? Math.min(seconds * 1_000, MAX_RETRY_AFTER_MS) : 0;
}

/** The library makes an agent for each request. The first with the same credentials is kept, and told to keep its connections. */
function keepAgents() {
  let kept: { credentials: string; agent: Agent } | null = null;
  return {
    like(agent: Agent): Agent {
      const { ca, cert, key } = agent.options;
      const credentials = JSON.stringify([String(ca), String(cert), String(key)]);
      if (kept?.credentials === credentials) return kept.agent;
      // Calls on their way with the earlier credentials go on; their connections end when they are idle.
      kept = { credentials, agent: Object.assign(agent, { keepAlive: true, maxSockets: MAX_CONNECTIONS }) };
      agent.options.timeout = IDLE_MS;
      return agent;
    },
    close: () => kept?.agent.destroy(),
  };
}

/** `pods` of `…/namespaces/x/pods/y?…`, `pods/log` of `…/pods/y/log`. */
function kindOf(url: string): string {
  const [, kind = 'namespaces', rest = ''] = /\/namespaces\/[^/?]+\/([a-z]+)(?:\/[^/?]+\/([a-z]+))?/.exec(url) ?? [];
  return rest === '' ? kind : `${kind}/${rest}`;
}
