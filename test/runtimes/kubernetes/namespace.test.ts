import { createKubernetesRuntime } from '../../../src/runtimes/kubernetes';
import { HOME, patiently, podSpec } from '../contract-given';
import { json, startApiServer } from './api-server';
import { OURS } from './pod-objects';

test("Nothing is made for an organization whose namespace would be the worker's own.", async () => {
  const server = await startApiServer();
  const runtime = createKubernetesRuntime({ kubeconfig: server.kubeconfig });
  server.answer(json(200, { metadata: { name: 'ws-w1-home', uid: 'uid-1', labels: OURS } }));
  const spec = podSpec({ build: 3, home: 'uid-1', image: 'e2e.local/workspace:1', organization: 'system' });
  const refused = { type: 'NotAllowed', message: expect.stringContaining("perennial-system is the worker's own") };
  await expect(runtime.prepareHome({ ...HOME, organization: 'system' }, patiently())).rejects.toMatchObject(refused);
  await expect(runtime.startPod(spec, patiently())).rejects.toMatchObject(refused);
  expect(server.asked.filter(({ verb }) => verb === 'POST')).toEqual([]);
  await runtime.close();
  await server.end();
});
