import { createKubernetesRuntime } from '../../../../src/runtimes/kubernetes';
import { ApiFailure } from '../../../../src/runtimes/kubernetes/api/api-error';
import type { ClusterContext } from '../../../../src/runtimes/kubernetes/context';
import { ensureNamespace } from '../../../../src/runtimes/kubernetes/namespace/ensure-namespace';
import { CLUSTER_DEFAULTS } from '../../../../src/runtimes/kubernetes/settings';
import { json, startApiServer } from '../../../support/kubernetes/api-server';
import { LABELS } from '../../../support/kubernetes/pod-objects';
import { HOME, patiently, podSpec } from '../../../support/runtimes/contract-harness';

test("Nothing is made for an organization whose namespace would be the worker's own.", async () => {
  const server = await startApiServer();
  const runtime = createKubernetesRuntime({ kubeconfig: server.kubeconfig });
  server.answer(json(200, { metadata: { name: 'ws-w1-home', uid: 'uid-1', labels: LABELS } }));
  const spec = podSpec({ build: 3, home: 'uid-1', image: 'e2e.local/workspace:1', organization: 'system' });
  const refused = { type: 'NotAllowed', message: expect.stringContaining("perennial-system is the worker's own") };
  await expect(runtime.prepareHome({ ...HOME, organization: 'system' }, patiently())).rejects.toMatchObject(refused);
  await expect(runtime.startPod(spec, patiently())).rejects.toMatchObject(refused);
  expect(server.asked.filter(({ verb }) => verb === 'POST')).toEqual([]);
  await runtime.close();
  await server.end();
});

const WRITTEN = 'perennial/network-policy';

/** The writes to a namespace at the start of a build; `apply` is the answer to the write of its policy. */
async function written(annotations: Record<string, string>, apply = async () => {}) {
  const policies: string[] = [];
  const noted: unknown[] = [];
  const labels = { ...LABELS, 'perennial/organization': 'default' };
  const api = {
    namespaces: {
      read: async (name: string) => ({ metadata: { name, labels, annotations } }),
      merge: async (_: string, body: { metadata: { annotations?: Record<string, string> } }) =>
        void noted.push(body.metadata.annotations?.[WRITTEN]),
    },
    networkPolicies: {
      apply: async (namespace: string) => {
        policies.push(namespace);
        await apply();
      },
    },
  };
  const cluster = { api, settings: CLUSTER_DEFAULTS, namespaceOf: () => 'perennial-default' };
  await ensureNamespace(cluster as unknown as ClusterContext, 'default', null);
  return { policies, noted };
}

test('A network policy that a worker wrote with other settings is written again, once.', async () => {
  const { policies, noted } = await written({ [WRITTEN]: 'that of other settings' });
  expect([policies, noted]).toEqual([['perennial-default'], [expect.stringMatching(/^[0-9a-f]{16}$/)]]);
  expect(await written({ [WRITTEN]: String(noted[0]) })).toEqual({ policies: [], noted: [] });
});

test("An administrator's network policy stays unchanged, and so does a policy that the worker may no longer write.", async () => {
  expect(await written({})).toEqual({ policies: [], noted: [] });
  const forbidden = async () => {
    throw new ApiFailure('forbidden', { status: 403, reason: 'Forbidden' });
  };
  expect((await written({ [WRITTEN]: 'that of other settings' }, forbidden)).noted).toEqual([]);
});
