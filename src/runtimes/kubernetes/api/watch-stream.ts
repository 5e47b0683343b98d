import type { IncomingMessage } from 'node:http';
import { StringDecoder } from 'node:string_decoder';
import { ObjectSerializer } from '@kubernetes/client-node/dist/gen/models/ObjectSerializer.js';
import { ApiFailure, noAnswer, readAnswer, TOO_MUCH } from './api-error';
import type { Access } from './credentials';
import { endSilence, readRefusal, requireJson, sendRequest } from './request';

/** The interval of TCP keep-alive probes to a silent peer. */
const KEEP_ALIVE_MS = 30_000;
/** Longer than any object in etcd. */
const LONGEST_LINE = 16 * 1024 * 1024;

/** The objects to watch, from a version on. */
export interface WatchRequest {
  namespace: string;
  /** A selector; all objects without it. */
  labels?: string;
  resourceVersion: string;
  /** After this the server ends the watch. */
  timeoutSeconds: number;
  signal: AbortSignal;
}

/** A change of an object; a bookmark has only its resource version. */
export interface WatchEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  object: T;
}

/** A kind that can be watched: its name in paths, and in the library's models. */
export interface Watched {
  plural: 'pods' | 'events';
  model: 'V1Pod' | 'CoreV1Event';
}

/** Reports each change of such objects in a namespace, on a separate connection, until the server closes it or the signal aborts. */
export async function watchObjects<T>(
  connection: { access: Access; timeoutMs: number },
  watch: WatchRequest & Watched,
  onEvent: (event: WatchEvent<T>) => void,
): Promise<void> {
  for await (const event of readEvents<T>(connection, watch)) onEvent(event);
}

async function* readEvents<T>({ access, timeoutMs }: { access: Access; timeoutMs: number }, watch: WatchRequest & Watched) {
  const { signal } = watch;
  let withinMs = timeoutMs;
  let response: IncomingMessage | undefined;
  try {
    response = await begin({ access, timeoutMs }, watch);
    if (response.statusCode !== 200) throw await readRefusal(response, timeoutMs);
    requireJson(access.name, response.headers['content-type']);
    // The server closes a watch after `timeoutSeconds`; a connection that is silent for even longer is lost.
    withinMs = watch.timeoutSeconds * 1_000 + timeoutMs;
    response.socket.setKeepAlive(true, KEEP_ALIVE_MS);
    endSilence(response, withinMs);
    for await (const text of linesOf(response)) {
      signal.throwIfAborted();
      yield readEvent<T>(text, watch.model);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof ApiFailure ? error : noAnswer(access.name, error, withinMs);
  } finally {
    response?.destroy();
  }
}

async function begin(
  { access, timeoutMs }: { access: Access; timeoutMs: number },
  watch: WatchRequest & Watched,
): Promise<IncomingMessage> {
  const { signal } = watch;
  signal.throwIfAborted();
  const { headers, agent } = await access.credentials();
  const url = urlOf(access.server, watch);
  return sendRequest({ url, method: 'GET', headers, agent, signal, beginWithinMs: timeoutMs });
}

function urlOf(server: string, watch: WatchRequest & Watched): URL {
  const { namespace, labels, resourceVersion, timeoutSeconds, plural } = watch;
  const url = new URL(`${server}/api/v1/namespaces/${namespace}/${plural}`);
  url.search = new URLSearchParams({
    watch: 'true',
    allowWatchBookmarks: 'true',
    ...(labels !== undefined && { labelSelector: labels }),
    resourceVersion,
    timeoutSeconds: String(timeoutSeconds),
  }).toString();
  return url;
}

/** Pieces of a stream may end anywhere, even within a character. An incomplete last line is dropped. */
async function* linesOf(stream: AsyncIterable<Buffer>) {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LONGEST_LINE) throw Object.assign(new Error('too much'), { code: TOO_MUCH });
    yield* lines.filter((line) => line !== '');
  }
}

/** Deserializes an event as the other calls do, with dates. */
function readEvent<T>(line: string, model: Watched['model']): WatchEvent<T> {
  const { type, object } = JSON.parse(line) as { type: WatchEvent<T>['type'] | 'ERROR'; object: { code?: number } };
  if (type === 'ERROR') throw readAnswer(object.code ?? 500, JSON.stringify(object));
  return { type, object: ObjectSerializer.deserialize(object, model, '') as T };
}
