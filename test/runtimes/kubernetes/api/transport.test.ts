import { appendFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import { type ClusterApi, connectCluster } from '../../../../src/runtimes/kubernetes/api/cluster-api';
import {
  type ApiServer,
  breakOff,
  CERT,
  failureIn,
  hang,
  hangInBody,
  json,
  refusal,
  reset,
  startApiServer,
  TOKEN,
  writeKubeconfig,
} from '../../../support/kubernetes/api-server';

const AT = { namespace: 'perennial-default', name: 'ws-w1' };
const POD = { metadata: { name: 'ws-w1', uid: 'u1' } };
const OK = json(200, POD);
const SHORT_MS = 300;

describe('The transport to the API server', () => {
  let server: ApiServer;
  const opened: ClusterApi[] = [];

  beforeEach(async () => {
    server = await startApiServer();
  });
  afterEach(async () => {
    for (const api of opened.splice(0)) api.close();
    await server.end();
  });

  const connect = (kubeconfig = server.kubeconfig, timeoutMs = 15_000) => {
    const api = connectCluster({ kubeconfig, timeoutMs });
    opened.push(api);
    return api;
  };

  it('is one connection for many calls.', async () => {
    server.answer(OK);
    const api = connect();
    for (let call = 0; call < 20; call += 1) await api.pods.read(AT);
    expect(server.connections()).toBe(1);
  });

  it('is a new connection when the certificates on the disk have changed.', async () => {
    const authority = path.join(server.folder, 'ca.pem');
    writeFileSync(authority, CERT);
    const cluster = { 'certificate-authority-data': undefined, 'certificate-authority': authority };
    const api = connect(writeKubeconfig(server.folder, { server: server.name, cluster }));
    server.answer(OK);
    await api.pods.read(AT);
    appendFileSync(authority, CERT);
    await api.pods.read(AT);
    await api.pods.read(AT);
    expect(server.connections()).toBe(2);
  });

  it.each([
    ['an answer', hang],
    ['the end of an answer', hangInBody],
  ])('waits for %s no longer than it should, and not twice.', async (_what, answer) => {
    server.answer(answer);
    // On a busy machine a connection alone takes longer than the short limit.
    const failure = await failureIn(connect(server.kubeconfig, 3_000).pods.read(AT));
    expect(failure).toMatchObject({ status: null, message: `the API server at ${server.name} did not answer within 3 s` });
    expect(server.asked).toHaveLength(1);
  });

  it('does not wait longer for a connection either.', async () => {
    const silent = net.createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = `https://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const file = writeKubeconfig(server.folder, { server: address });
    const failure = await failureIn(connect(file, SHORT_MS).pods.read(AT));
    expect(failure.message).toBe(`the API server at ${address} did not answer within 0.3 s`);
    silent.close();
  });

  it.each([
    ['a server that is on its way out', refusal(503, 'ServiceUnavailable', 'shutting down')],
    ['a connection that is reset', reset],
    ['an answer that breaks off', breakOff],
  ])('retries after %s.', async (_what, answer) => {
    server.answer(answer, answer, OK);
    const api = connect();
    expect(await api.pods.read(AT)).toMatchObject(POD);
    expect(api.calls.get('GET pods')).toBe(3);
  });

  it('retries after the time that the server asks for, also with a body.', async () => {
    server.answer(refusal(429, 'TooManyRequests', 'slow down', { 'retry-after': '1' }), OK);
    const before = performance.now();
    await connect().pods.create(AT.namespace, POD);
    expect(performance.now() - before).toBeGreaterThanOrEqual(990);
    expect(server.asked.map(({ body }) => body)).toEqual([JSON.stringify(POD), JSON.stringify(POD)]);
  });

  it('rejects with the last answer after the third attempt.', async () => {
    server.answer(refusal(503, 'ServiceUnavailable', 'shutting down'));
    await expect(connect().pods.read(AT)).rejects.toMatchObject({ status: 503, message: 'shutting down' });
    expect(server.asked).toHaveLength(3);
  });

  it('rejects with 409 for an object that the first attempt has created.', async () => {
    server.answer(reset, refusal(409, 'AlreadyExists', 'pods "ws-w1" already exists'));
    await expect(connect().pods.create(AT.namespace, POD)).rejects.toMatchObject({ status: 409, reason: 'AlreadyExists' });
  });

  it.each([400, 401, 403, 409, 422])('does not retry after %i.', async (status) => {
    server.answer(refusal(status, 'Reason', 'no'));
    await expect(connect().pods.create(AT.namespace, POD)).rejects.toMatchObject({ status });
    expect(server.asked).toHaveLength(1);
  });

  it('reuses the connection after refusals.', async () => {
    server.answer(refusal(503, 'ServiceUnavailable', 'x'.repeat(200_000)));
    const api = connect();
    await failureIn(api.pods.read(AT));
    server.answer(OK);
    await api.pods.read(AT);
    expect(server.connections()).toBe(1);
  });

  it('rejects with a sentence when the server refuses the connection.', async () => {
    const { server: closed, port } = await unusedPort();
    const file = writeKubeconfig(server.folder, { server: closed });
    const failure = await failureIn(connect(file).pods.read(AT));
    expect(failure).toMatchObject({
      status: null,
      message: `the API server at https://127.0.0.1:${port} refused the connection`,
    });
  });

  it('trusts only the certificates of the kubeconfig.', async () => {
    const cluster = { 'certificate-authority-data': undefined };
    const failure = await failureIn(connect(writeKubeconfig(server.folder, { server: server.name, cluster })).pods.read(AT));
    expect(failure.message).toMatch(/showed a certificate that is not trusted \(\w+\)$/);
    expect(server.asked).toHaveLength(0);
  });

  it('accepts a token whose file ends with a line break.', async () => {
    server.answer(OK);
    await connect(writeKubeconfig(server.folder, { server: server.name, user: { token: `${TOKEN}\n` } })).pods.read(AT);
    expect(server.asked[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
  });

  it('accepts a name and a password.', async () => {
    server.answer(OK);
    await connect(writeKubeconfig(server.folder, { server: server.name, user: { username: 'a', password: 'b' } })).pods.read(AT);
    expect(server.asked[0]?.headers.authorization).toBe(`Basic ${Buffer.from('a:b').toString('base64')}`);
  });

  it('goes through the proxy of the kubeconfig, with one CONNECT.', async () => {
    const proxy = await startProxy();
    const cluster = { 'proxy-url': proxy.url };
    const api = connect(writeKubeconfig(server.folder, { server: server.name, cluster }));
    server.answer(OK);
    await api.pods.read(AT);
    await api.pods.read(AT);
    expect(proxy.asked).toEqual([server.name.replace('https://', '')]);
    api.close();
    proxy.end();
  });

  it('goes without encryption where the kubeconfig says so.', async () => {
    const plain = await startApiServer({ protocol: 'http' });
    plain.answer(OK);
    const api = connect(writeKubeconfig(server.folder, { server: plain.name, cluster: { 'insecure-skip-tls-verify': true } }));
    for (let call = 0; call < 3; call += 1) expect(await api.pods.read(AT)).toMatchObject(POD);
    expect(plain.connections()).toBe(1);
    await plain.end();
  });
});

async function unusedPort(): Promise<{ server: string; port: number }> {
  const taken = net.createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as AddressInfo;
  await new Promise((resolve) => taken.close(resolve));
  return { server: `https://127.0.0.1:${port}`, port };
}

async function startProxy() {
  const asked: string[] = [];
  const proxy = http.createServer();
  proxy.on('connect', (request, socket, head) => {
    asked.push(request.url ?? '');
    const [host, port] = (request.url ?? '').split(':');
    const target = net.connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      target.write(head);
      target.pipe(socket).pipe(target);
    });
    target.on('error', () => socket.destroy());
    socket.on('error', () => target.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return { asked, url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, end: () => proxy.close() };
}
