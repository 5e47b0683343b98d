import type { Agent } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
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

/** Only for failures of a second or less: each caller retries for longer. */
const RETRY_DELAYS_MS = [200, 600];
const MAX_RETRY_AFTER_MS = 5_000;
const MAX_CONNECTIONS = 100;
/** Shorter than the idle timeouts of routers and proxies, which drop connections without a notice. */
const IDLE_MS = 30_000;

/** The transport to the API server: one agent that keeps connections, a time limit for every call, and a count of the calls. */
export interface Transport {
  configuration: ReturnType<typeof createConfiguration>;
  count(call: string): void;
  calls: ReadonlyMap<string, number>;
  close(): void;
}

/** Unlike the library's own transport it keeps connections, has a time limit, and retries. */
export function openTransport(access: Access, timeoutMs: number): Transport {
  const calls = new Map<string, number>();
  const count = (call: string) => void calls.set(call, (calls.get(call) ?? 0) + 1);
  const agents = keepAgents();
  const send = async (request: RequestContext) => {
    const { headers, agent } = await access.credentials();
    for (const [name, value] of Object.entries(headers)) request.setHeaderParam(name, value);
    const shared = agents.like(agent);
    const answer = await sendWithRetries(() => {
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
 * Every call is safe to repeat: creations have fixed names, deletions and changes name the object's version. A call that timed out is not
 * repeated, since it would only wait as long again.
 */
async function sendWithRetries(send: () => Promise<ResponseContext>): Promise<ResponseContext> {
  for (const delayMs of RETRY_DELAYS_MS) {
    const outcome = await send().catch((error: unknown) => {
      if (isTimeout(error)) throw error;
      return null;
    });
    const isOver = outcome !== null && outcome.httpStatusCode !== 429 && outcome.httpStatusCode < 500;
    if (isOver) return outcome;
    await delay(Math.max(retryAfterMs(outcome), delayMs * (0.5 + Math.random())));
  }
  return send();
}

/** Reads the whole body too: it may break off, and the connection is not reused before its end. */
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

/** The library makes an agent for each request; the first with the same certificates is shared, with keep-alive. */
function keepAgents() {
  let kept: { credentials: string; agent: Agent } | null = null;
  return {
    like(agent: Agent): Agent {
      const { ca, cert, key } = agent.options;
      const credentials = JSON.stringify([String(ca), String(cert), String(key)]);
      if (kept?.credentials === credentials) return kept.agent;
      // Pending calls of the previous agent go on; its connections end when they are idle.
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
