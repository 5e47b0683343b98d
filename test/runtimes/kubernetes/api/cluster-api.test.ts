import { type ClusterApi, connectCluster } from '../../../../src/runtimes/kubernetes/api/cluster-api';
import { type ApiServer, json, refusal, startApiServer, TOKEN, text } from '../../../support/kubernetes/api-server';

const AT = { namespace: 'perennial-default', name: 'ws-w1' };
const PODS = '/api/v1/namespaces/perennial-default/pods';
const POD = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'ws-w1', uid: 'u1', creationTimestamp: '2026-11-01T10:00:00Z' } };

describe('The calls to a cluster', () => {
  let server: ApiServer;
  let api: ClusterApi;

  beforeAll(async () => {
    server = await startApiServer();
  });
  afterAll(() => server.end());
  beforeEach(() => {
    server.asked.length = 0;
    api = connectCluster({ kubeconfig: server.kubeconfig });
  });
  afterEach(() => api.close());

  it('carry the credentials of the kubeconfig, and give dates as dates.', async () => {
    server.answer(json(200, POD));
    const pod = await api.pods.read(AT);
    expect(pod?.metadata?.creationTimestamp).toEqual(new Date('2026-11-01T10:00:00Z'));
    expect(server.asked[0]).toMatchObject({ verb: 'GET', path: `${PODS}/ws-w1`, headers: { authorization: `Bearer ${TOKEN}` } });
  });

  it('answer null for what is certainly not there, and only then.', async () => {
    server.answer(refusal(404, 'NotFound', 'pods "ws-w1" not found'));
    expect(await api.pods.read(AT)).toBeNull();
    expect(await api.claims.read(AT)).toBeNull();
    expect(await api.namespaces.read('perennial-default')).toBeNull();
    server.answer(refusal(403, 'Forbidden', 'pods "ws-w1" is forbidden'));
    await expect(api.pods.read(AT)).rejects.toMatchObject({ name: 'ApiFailure', status: 403, reason: 'Forbidden' });
  });

  it('decide nothing by a page that a proxy in between answers with, whatever its status.', async () => {
    for (const status of [403, 404, 409]) {
      server.answer(text(status, 'text/plain', `${status} page not found`));
      await expect(api.pods.read(AT)).rejects.toMatchObject({ name: 'ApiFailure', status: null });
      server.answer(json(status, { message: 'no route' }));
      await expect(api.pods.delete({ ...AT, uid: 'u1', graceSeconds: 0 })).rejects.toMatchObject({ status: null });
    }
  });

  it('delete exactly the uid, and succeed where it is gone or the name has another uid.', async () => {
    server.answer(json(200, POD), refusal(404, 'NotFound', 'not found'), refusal(409, 'Conflict', 'the UID does not match'));
    const deletion = { ...AT, uid: 'u1', graceSeconds: 7 };
    for (let call = 0; call < 3; call += 1) await api.pods.delete(deletion);
    expect(server.asked[0]).toMatchObject({ verb: 'DELETE', path: `${PODS}/ws-w1` });
    expect(JSON.parse(server.asked[0]?.body ?? '')).toEqual({ preconditions: { uid: 'u1' }, gracePeriodSeconds: 7 });
    await api.claims.delete({ ...AT, uid: 'u2' });
    expect(JSON.parse(server.asked[3]?.body ?? '')).toEqual({ preconditions: { uid: 'u2' } });
    server.answer(refusal(403, 'Forbidden', 'no'));
    await expect(api.pods.delete(deletion)).rejects.toMatchObject({ status: 403 });
  });

  it('list in pages until the last one.', async () => {
    const page = (name: string, next: string) =>
      json(200, { items: [{ metadata: { name } }], metadata: { resourceVersion: '42', continue: next } });
    server.answer(page('a', 'token-1'), page('b', 'token-2'), page('c', ''));
    const { items, resourceVersion } = await api.pods.list({ namespace: AT.namespace, labels: 'a=b' });
    expect(items.map(({ metadata }) => metadata?.name)).toEqual(['a', 'b', 'c']);
    expect(resourceVersion).toBe('42');
    expect(server.asked.map(({ query }) => Object.fromEntries(query))).toEqual([
      { labelSelector: 'a=b', limit: '500' },
      { labelSelector: 'a=b', limit: '500', continue: 'token-1' },
      { labelSelector: 'a=b', limit: '500', continue: 'token-2' },
    ]);
  });

  it('create with the whole body, and reject with 409 where the object exists already.', async () => {
    server.answer(json(201, POD), refusal(409, 'AlreadyExists', 'pods "ws-w1" already exists'));
    expect((await api.pods.create(AT.namespace, { metadata: { name: 'ws-w1' } })).metadata?.uid).toBe('u1');
    expect(server.asked[0]).toMatchObject({ verb: 'POST', path: PODS, body: '{"metadata":{"name":"ws-w1"}}' });
    const again = api.pods.create(AT.namespace, { metadata: { name: 'ws-w1' } });
    await expect(again).rejects.toMatchObject({ status: 409, reason: 'AlreadyExists', message: 'pods "ws-w1" already exists' });
  });

  it('change claims and namespaces by merge, and network policies by forced apply as perennial.', async () => {
    const patch = { metadata: { resourceVersion: '7', labels: { a: null } } };
    server.answer(json(200, { metadata: { name: 'x' } }));
    await api.claims.merge(AT, patch);
    await api.namespaces.merge('perennial-default', patch);
    await api.networkPolicies.apply(AT.namespace, { metadata: { name: 'default' } });
    const types = server.asked.map(({ verb, headers }) => `${verb} ${headers['content-type']}`);
    const merge = 'PATCH application/merge-patch+json';
    expect(types).toEqual([merge, merge, 'PATCH application/apply-patch+yaml']);
    expect(JSON.parse(server.asked[0]?.body ?? '')).toEqual(patch);
    expect(Object.fromEntries(server.asked[2]?.query ?? [])).toEqual({ fieldManager: 'perennial', force: 'true' });
  });

  it('ask where the events are now without a list of all of them.', async () => {
    server.answer(json(200, { items: [], metadata: { resourceVersion: '17' } }));
    expect(await api.events.now(AT.namespace)).toBe('17');
    expect(server.asked[0]?.query.get('limit')).toBe('1');
  });

  it('are counted by verb and kind.', async () => {
    server.answer(json(200, { items: [], metadata: {} }));
    await api.pods.read(AT);
    await api.pods.list({ namespace: AT.namespace, labels: '' });
    await api.claims.list({ namespace: AT.namespace, labels: '' });
    await api.namespaces.list('a=b');
    expect(Object.fromEntries(api.calls)).toEqual({ 'GET pods': 2, 'GET persistentvolumeclaims': 1, 'GET namespaces': 1 });
  });

  it('never make an object of what is none.', async () => {
    server.answer(text(200, 'text/html', '<html>Please log in</html>'));
    await expect(api.pods.read(AT)).rejects.toMatchObject({
      status: null,
      message: `the API server at ${server.name} answered with text/html instead of JSON`,
    });
    server.answer(text(200, 'application/json', '{"metadata":'));
    await expect(api.pods.read(AT)).rejects.toMatchObject({
      status: null,
      message: `the API server at ${server.name} answered with something that is not JSON`,
    });
  });
});
