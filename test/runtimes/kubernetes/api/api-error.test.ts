import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inspect } from 'node:util';
import { noAnswer, readAnswer } from '../../../../src/runtimes/kubernetes/api/api-error';
import { type ClusterApi, connectCluster } from '../../../../src/runtimes/kubernetes/api/cluster-api';
import {
  type Answer,
  type ApiServer,
  breakOff,
  failureIn,
  hang,
  refusal,
  reset,
  startApiServer,
  TOKEN,
  text,
  writeKubeconfig,
} from '../../../support/kubernetes/api-server';

const NAMESPACE = 'perennial-default';
const SECRET = 'secret-in-the-body';
const POD = { metadata: { name: 'ws-w1', annotations: { secret: SECRET } } };

const SET_COOKIE = { 'set-cookie': `session=${TOKEN}` };
const FAULTS: [what: string, answer: Answer][] = [
  ['a refusal', refusal(403, 'Forbidden', 'pods is forbidden', SET_COOKIE)],
  ["a proxy's page", text(502, 'text/html', '<html>', SET_COOKIE)],
  ['a page instead of an answer', text(200, 'text/html', '<html>', SET_COOKIE)],
  ['no answer', hang],
  ['a reset', reset],
  ['a broken answer', breakOff],
];

describe('A failure of the API', () => {
  let server: ApiServer;
  let api: ClusterApi;

  beforeEach(async () => {
    server = await startApiServer();
    api = connectCluster({ kubeconfig: server.kubeconfig, timeoutMs: 200 });
  });
  afterEach(async () => {
    api.close();
    await server.end();
  });

  it.each(FAULTS)('holds nothing of the request and of the headers after %s.', async (_what, answer) => {
    server.answer(answer);
    server.upgrade((_request, socket) => socket.end(`HTTP/1.1 403 No\r\nSet-Cookie: ${TOKEN}\r\nContent-Length: 0\r\n\r\n`));
    const watched = { namespace: NAMESPACE, labels: '', resourceVersion: '', timeoutSeconds: 0 };
    const tried = [
      api.pods.create(NAMESPACE, POD),
      api.pods.watch({ ...watched, signal: new AbortController().signal }, () => undefined),
      api.socket(`/x?command=${SECRET}`, ['v4.channel.k8s.io']),
    ];
    for (const failure of await Promise.all(tried.map(failureIn))) expectNoSecret(failure);
  });

  it('says that credentials cannot be read, and not what a plugin for them wrote.', async () => {
    const plugin = path.join(server.folder, 'plugin');
    writeFileSync(plugin, `#!/bin/sh\necho ${TOKEN} >&2\nexit 1\n`);
    chmodSync(plugin, 0o700);
    const exec = (command: string) => ({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command } });
    const tryWith = async (user: object) => {
      const broken = connectCluster({
        kubeconfig: writeKubeconfig(server.folder, { server: server.name, user, file: 'broken' }),
      });
      const at = { namespace: NAMESPACE, name: 'ws-w1' };
      const failures = [await failureIn(broken.pods.read(at)), await failureIn(broken.socket('/x', ['v4.channel.k8s.io']))];
      for (const failure of failures) expectNoSecret(failure);
      return new Set(failures.map(({ message }) => message));
    };
    const said = `the credentials for ${server.name} could not be read`;
    expect(await tryWith(exec(plugin))).toEqual(new Set([said]));
    expect(await tryWith(exec(`${plugin}-missing`))).toEqual(new Set([`${said} (ENOENT)`]));
    const files = { 'client-certificate': '/nowhere/cert', 'client-key': '/nowhere/key' };
    expect(await tryWith({ token: TOKEN, ...files })).toEqual(new Set([`${said} (ENOENT)`]));
  });

  it('takes what Kubernetes said, up to 400 characters, and else the status.', () => {
    const said = (body: string) => readAnswer(422, body);
    expect(said('{"kind":"Status","message":"Pod is invalid","reason":"Invalid"}')).toMatchObject({
      status: 422,
      message: 'Pod is invalid',
      reason: 'Invalid',
    });
    expect(said(JSON.stringify({ message: 'x'.repeat(10_000) })).message).toHaveLength(400);
  });

  it('decides nothing without the reason of Kubernetes, but has the status in its message.', () => {
    for (const body of ['', 'null', '"text"', '{}', '{"message":7}', '{"message":""}', '<html>'])
      expect(readAnswer(422, body)).toMatchObject({ status: null, reason: '', message: 'the API server answered 422' });
    expect(readAnswer(429, 'Too many requests')).toMatchObject({ status: 429 });
  });

  it.each([
    [{ code: 'ECONNREFUSED' }, 'refused the connection'],
    [{ code: 'ECONNRESET' }, 'broke the connection off'],
    [{ code: 'ENOTFOUND' }, 'has a name that is not known'],
    [{ code: 'ETIMEDOUT' }, 'did not answer within 15 s'],
    [{ name: 'TimeoutError' }, 'did not answer within 15 s'],
    [{ code: 'CERT_HAS_EXPIRED' }, 'showed a certificate that is not trusted (CERT_HAS_EXPIRED)'],
    [{ code: 'EHOSTUNREACH' }, 'could not be asked (EHOSTUNREACH)'],
    [new Error(TOKEN), 'could not be asked'],
  ])('names the server when there was no answer: %j.', (error, words) => {
    const failure = noAnswer('https://host:6443', error, 15_000);
    expect(failure).toMatchObject({ status: null, reason: '', message: `the API server at https://host:6443 ${words}` });
    expectNoSecret(failure);
  });
});

function expectNoSecret(failure: Error): void {
  const all = [
    inspect(failure, { depth: null, showHidden: true }),
    JSON.stringify(failure),
    failure.stack,
    String(failure.cause),
  ];
  expect(all.join('\n')).not.toMatch(new RegExp(`${TOKEN}|${SECRET}|Bearer|authorization|cookie`, 'i'));
}
