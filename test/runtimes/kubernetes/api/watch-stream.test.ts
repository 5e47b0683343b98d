import type { ServerResponse } from 'node:http';
import type { V1Pod } from '@kubernetes/client-node';
import { type ClusterApi, connectCluster } from '../../../../src/runtimes/kubernetes/api/cluster-api';
import type { WatchEvent } from '../../../../src/runtimes/kubernetes/api/watch-stream';
import {
  type ApiServer,
  failureIn,
  hang,
  json,
  refusal,
  reset,
  startApiServer,
  TOKEN,
} from '../../../support/kubernetes/api-server';
import { until } from '../../../support/until';

type PodChange = WatchEvent<V1Pod>;

const NAMESPACE = 'perennial-default';
const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'ws-w1', creationTimestamp: '2026-11-01T10:00:00Z', annotations: { greeting: 'grüß 🌱' } },
  status: { phase: 'Running', startTime: '2026-11-01T10:00:01Z' },
};

describe('A watch of pods', () => {
  let server: ApiServer;
  let api: ClusterApi;
  let stop: AbortController;
  let events: PodChange[];

  beforeEach(async () => {
    server = await startApiServer();
    api = connectCluster({ kubeconfig: server.kubeconfig });
    stop = new AbortController();
    events = [];
  });
  afterEach(async () => {
    stop.abort();
    api.close();
    await server.end();
  });

  const asked = (timeoutSeconds: number) => ({
    namespace: NAMESPACE,
    labels: 'a=b',
    resourceVersion: '42',
    timeoutSeconds,
    signal: stop.signal,
  });
  const watch = (onEvent = (event: PodChange) => void events.push(event)) => api.pods.watch(asked(60), onEvent);
  const watchHastily = (timeoutMs: number) =>
    connectCluster({ kubeconfig: server.kubeconfig, timeoutMs }).pods.watch(asked(1), () => undefined);
  /** Begins to answer, and says how it goes on. */
  const stream = (go: (response: ServerResponse) => unknown) =>
    server.answer((response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
      void go(response);
    });
  const lineOf = (type: string, object: object = POD) => `${JSON.stringify({ type, object })}\n`;

  it('asks for changes from a version on, for bookmarks, and for an end.', async () => {
    stream((response) => response.end());
    await watch();
    expect(server.asked[0]).toMatchObject({
      verb: 'GET',
      path: `/api/v1/namespaces/${NAMESPACE}/pods`,
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(Object.fromEntries(server.asked[0]?.query ?? [])).toEqual({
      watch: 'true',
      allowWatchBookmarks: 'true',
      labelSelector: 'a=b',
      resourceVersion: '42',
      timeoutSeconds: '60',
    });
    expect(api.calls.get('WATCH pods')).toBe(1);
  });

  it('reports events until the server closes it, wherever the stream is cut into pieces.', async () => {
    const bytes = Buffer.from(lineOf('ADDED') + lineOf('DELETED'));
    stream(async (response) => {
      for (const byte of bytes) await new Promise((resolve) => response.write(Buffer.from([byte]), resolve));
      response.end('{"type":"MODIFIED","obj');
    });
    await watch();
    expect(events.map(({ type }) => type)).toEqual(['ADDED', 'DELETED']);
    expect(events[0]?.object.metadata?.annotations).toEqual(POD.metadata.annotations);
  });

  it('reports a pod exactly as a read returns it.', async () => {
    stream((response) => response.end(lineOf('ADDED')));
    await watch();
    server.answer(json(200, POD));
    expect(events[0]?.object).toEqual(await api.pods.read({ namespace: NAMESPACE, name: 'ws-w1' }));
    expect(events[0]?.object.status?.startTime).toEqual(new Date(POD.status.startTime));
  });

  it('reports bookmarks with their version.', async () => {
    stream((response) => response.end(lineOf('BOOKMARK', { kind: 'Pod', metadata: { resourceVersion: '99' } })));
    await watch();
    expect(events).toMatchObject([{ type: 'BOOKMARK', object: { metadata: { resourceVersion: '99' } } }]);
  });

  it('rejects with 410 when its version is too old, before the stream or in it.', async () => {
    server.answer(refusal(410, 'Expired', 'too old resource version'));
    expect(await failureIn(watch())).toMatchObject({ status: 410, reason: 'Expired', message: 'too old resource version' });
    stream((response) => response.write(lineOf('ERROR', { kind: 'Status', code: 410, message: 'too old', reason: 'Expired' })));
    expect(await failureIn(watch())).toMatchObject({ status: 410, reason: 'Expired', message: 'too old' });
  });

  it('rejects with the refusal of the server.', async () => {
    server.answer(refusal(403, 'Forbidden', 'pods is forbidden'));
    expect(await failureIn(watch())).toMatchObject({ status: 403, message: 'pods is forbidden' });
    server.answer((response) => response.writeHead(502).write('<html>'));
    expect(await failureIn(watchHastily(3_000))).toMatchObject({ status: 502, message: 'the API server answered 502' });
  });

  it("rejects a proxy's page, and closes its connection.", async () => {
    let isClosed = false;
    server.answer((response) => {
      response.on('close', () => {
        isClosed = true;
      });
      response.writeHead(200, { 'content-type': 'text/html' }).write('<html>');
    });
    expect((await failureIn(watch())).message).toBe(`the API server at ${server.name} answered with text/html instead of JSON`);
    await until(() => isClosed);
  });

  it('rejects when the connection is lost, before the answer or in it.', async () => {
    const lost = { status: null, message: `the API server at ${server.name} broke the connection off` };
    server.answer(reset);
    expect(await failureIn(watch())).toMatchObject(lost);
    stream((response) => response.write(lineOf('ADDED'), () => response.destroy()));
    expect(await failureIn(watch())).toMatchObject(lost);
    expect(events).toHaveLength(1);
  });

  it('rejects when the server does not begin to answer.', async () => {
    server.answer(hang);
    const message = `the API server at ${server.name} did not answer within 0.3 s`;
    expect(await failureIn(watchHastily(300))).toMatchObject({ status: null, message });
  });

  it('rejects when nothing comes for longer than the server should have kept it open.', async () => {
    stream(() => undefined);
    const before = performance.now();
    const message = `the API server at ${server.name} did not answer within 4 s`;
    expect(await failureIn(watchHastily(3_000))).toMatchObject({ status: null, message });
    expect(performance.now() - before).toBeGreaterThanOrEqual(3_990);
  });

  it('rejects what is not JSON.', async () => {
    stream((response) => response.write('<html>\n'));
    expect((await failureIn(watch())).message).toContain('answered with something that is not JSON');
  });

  it('ends at once when it is aborted, reports no more, and closes its connection.', async () => {
    let isClosed = false;
    stream((response) => {
      response.on('close', () => {
        isClosed = true;
      });
      response.write(lineOf('ADDED') + lineOf('MODIFIED'));
    });
    const watched = watch((event) => {
      events.push(event);
      stop.abort(new Error('enough'));
    });
    await expect(watched).rejects.toThrow('enough');
    await until(() => isClosed);
    expect(events.map(({ type }) => type)).toEqual(['ADDED']);
    await expect(watch()).rejects.toThrow('enough');
    expect(server.asked).toHaveLength(1);
  });

  it('passes on what its listener throws, and closes its connection.', async () => {
    let isClosed = false;
    stream((response) => {
      response.on('close', () => {
        isClosed = true;
      });
      response.write(lineOf('ADDED'));
    });
    const watched = watch(() => {
      throw new TypeError('a bug');
    });
    await expect(watched).rejects.toThrow(TypeError);
    await until(() => isClosed);
  });

  it('has a separate connection.', async () => {
    stream((response) => response.write(lineOf('ADDED')));
    const watched = watch().catch(() => 'aborted');
    await until(() => events.length === 1);
    server.answer(json(200, POD));
    for (let call = 0; call < 3; call += 1) await api.pods.read({ namespace: NAMESPACE, name: 'ws-w1' });
    expect(server.connections()).toBe(2);
    stop.abort();
    expect(await watched).toBe('aborted');
  });
});
