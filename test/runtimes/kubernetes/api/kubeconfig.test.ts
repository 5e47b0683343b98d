import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { accessOf } from '../../../../src/runtimes/kubernetes/api/credentials';
import { loadKubeconfig } from '../../../../src/runtimes/kubernetes/api/kubeconfig';
import { CERT, TOKEN, writeKubeconfig } from '../../../support/kubernetes/api-server';

const SERVER = 'https://cluster.example:6443';

describe('The kubeconfig', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'kubeconfig-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (text: string) => {
    const file = path.join(folder, 'written');
    writeFileSync(file, text);
    return file;
  };
  const complaintOf = (options: { kubeconfig?: string; context?: string }) => {
    try {
      loadKubeconfig(options, folder);
    } catch (error) {
      return error instanceof Error ? error.message : error;
    }
    return 'no complaint';
  };

  it('is read from its file, with its current context or a named one.', () => {
    const file = writeKubeconfig(folder, { server: `${SERVER}/` });
    expect(accessOf(loadKubeconfig({ kubeconfig: file })).server).toBe(SERVER);
    expect(loadKubeconfig({ kubeconfig: file, context: 'main' }).getCurrentUser()?.token).toBe(TOKEN);
  });

  it('has a name for messages without path and password.', () => {
    const file = writeKubeconfig(folder, { server: 'https://user:password@cluster.example/k8s/clusters/c1' });
    expect(accessOf(loadKubeconfig({ kubeconfig: file })).name).toBe('https://cluster.example');
  });

  it('is that of the pod without a file.', async () => {
    const account = path.join(folder, 'var', 'run', 'secrets', 'kubernetes.io', 'serviceaccount');
    mkdirSync(account, { recursive: true });
    writeFileSync(path.join(account, 'token'), `${TOKEN}\n`);
    writeFileSync(path.join(account, 'ca.crt'), CERT);
    const env = { ...process.env, KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' };
    const replaced = jest.replaceProperty(process, 'env', env);
    const access = accessOf(loadKubeconfig({}, folder));
    replaced.restore();
    expect(access.server).toBe('https://10.0.0.1:443');
    const { headers, agent } = await access.credentials();
    expect(headers).toEqual({ Authorization: `Bearer ${TOKEN}` });
    expect(String(agent.options.ca)).toBe(CERT);
  });

  it('is missed in one sentence when there is neither a file nor a pod.', () => {
    expect(complaintOf({})).toBe('no cluster: expected KUBECONFIG, or to run in a pod with a service account, got neither');
  });

  it('is refused with the name of the file when it cannot be read, or is none.', () => {
    const missing = path.join(folder, 'missing');
    expect(complaintOf({ kubeconfig: missing })).toBe(
      `${missing}: expected a kubeconfig, got: ENOENT: no such file or directory, open '${missing}'`,
    );
    const file = write('');
    expect(complaintOf({ kubeconfig: file })).toBe(`${file}: expected a kubeconfig, got: something else`);
    write('{}');
    expect(complaintOf({ kubeconfig: file })).toBe(`${file}: expected a current context, got none`);
    write(`users:\n - name: a\n   user:\n  token: ${TOKEN}\n`);
    expect(complaintOf({ kubeconfig: file })).toMatch(/^.*: expected a kubeconfig, got: .*\(\d+:\d+\)$/);
    expect(complaintOf({ kubeconfig: file })).not.toContain(TOKEN);
    write('{"clusters": [{"name": "a"}]}');
    expect(complaintOf({ kubeconfig: file })).toBe(`${file}: expected a kubeconfig, got: clusters[0].cluster is missing`);
  });

  it('is refused when a context, its cluster, or its user is not there.', () => {
    const file = writeKubeconfig(folder, { server: SERVER });
    expect(complaintOf({ kubeconfig: file, context: 'other' })).toBe(
      `${file}: expected a context "other", got none of that name`,
    );
    const contexts = (cluster: string, user: string) =>
      write(
        JSON.stringify({
          clusters: [{ name: 'c', cluster: { server: SERVER } }],
          users: [{ name: 'u', user: {} }],
          contexts: [{ name: 'main', context: { cluster, user } }],
          'current-context': 'main',
        }),
      );
    const of = 'for context "main", got none';
    expect(complaintOf({ kubeconfig: contexts('missing', 'u') })).toContain(`expected a cluster ${of}`);
    expect(complaintOf({ kubeconfig: contexts('c', 'missing') })).toContain(`expected a user ${of}`);
  });

  it('is refused when its server is no address, or not encrypted without saying so.', () => {
    const withServer = (server: string, cluster = {}) =>
      complaintOf({ kubeconfig: writeKubeconfig(folder, { server, cluster }) });
    expect(withServer('cluster.example')).toContain('expected the address of a server, got "cluster.example"');
    expect(withServer('http://cluster.example:8080')).toContain(
      'expected a server with https, or insecure-skip-tls-verify, got http://cluster.example:8080',
    );
    expect(withServer('http://cluster.example', { 'insecure-skip-tls-verify': true })).toBe('no complaint');
  });
});
