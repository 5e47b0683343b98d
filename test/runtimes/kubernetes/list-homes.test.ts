import { createKubernetesRuntime, type KubernetesRuntime } from '../../../src/runtimes/kubernetes';
import { type Answer, type ApiServer, json, refusal, startApiServer } from '../../support/kubernetes/api-server';
import { CREATED_AT, LABELS } from '../../support/kubernetes/pod-objects';

const CLAIM = {
  metadata: { name: 'ws-w1-home', uid: 'uid-1', labels: LABELS, creationTimestamp: new Date(CREATED_AT) },
  spec: { resources: { requests: { storage: '10Gi' } } },
};
const FORBIDDEN = refusal(403, 'Forbidden', 'persistentvolumeclaims is forbidden');

describe('The list of homes', () => {
  let server: ApiServer;
  let runtime: KubernetesRuntime;

  beforeEach(async () => {
    server = await startApiServer();
    runtime = createKubernetesRuntime({ kubeconfig: server.kubeconfig });
  });
  afterEach(async () => {
    await runtime.close();
    await server.end();
  });

  /** The namespaces of `acme` and of `default`, of which the latter answers so. */
  const withDefault = (answer: Answer) => {
    const namespaces = json(200, { items: [{ metadata: { name: 'perennial-acme' } }] });
    const homes = json(200, { items: [CLAIM] });
    server.answer((response, asked) => {
      const claims = asked.path.endsWith('/perennial-default/persistentvolumeclaims') ? answer : homes;
      (asked.path === '/api/v1/namespaces' ? namespaces : claims)(response, asked);
    });
  };

  it('has those of all namespaces but a missing one.', async () => {
    withDefault(refusal(404, 'NotFound', 'namespaces "perennial-default" not found'));
    const passOver = jest.fn();
    expect(await runtime.listHomes(passOver)).toMatchObject([{ id: 'w1', identity: 'uid-1' }]);
    expect(passOver).not.toHaveBeenCalled();
  });

  it('reports the namespace that it passed over because the list was forbidden.', async () => {
    withDefault(FORBIDDEN);
    const passOver = jest.fn();
    expect(await runtime.listHomes(passOver)).toMatchObject([{ id: 'w1', identity: 'uid-1' }]);
    expect(passOver.mock.calls).toEqual([['namespace perennial-default (persistentvolumeclaims is forbidden)']]);
  });

  it('is none while it is not known what a namespace has.', async () => {
    withDefault(refusal(500, 'InternalError', 'etcdserver: request timed out'));
    await expect(runtime.listHomes()).rejects.toMatchObject({ type: 'RuntimeUnavailable' });
  });
});
