/** The runtime with the credentials of the worker's service account, and nothing beyond the role that deploy/kubernetes gives it. */
import { createKubernetesRuntime, type KubernetesRuntime } from '../../../src/runtimes/kubernetes';
import { connectCluster } from '../../../src/runtimes/kubernetes/api/cluster-api';
import { CLUSTER, IMAGE } from '../../support/kubernetes/cluster-env';
import { type Installation, install } from '../../support/kubernetes/cluster-installation';
import { expectFailure, HOME, ID, patiently, podSpec } from '../../support/runtimes/contract-harness';
import { until } from '../../support/until';

let installation: Installation;
let runtime: KubernetesRuntime;

beforeAll(async () => {
  installation = await install();
  const kubeconfig = await installation.logIn();
  const api = connectCluster({ kubeconfig });
  const { organization, other } = installation.namespaces;
  for (const namespace of [organization, other]) {
    const mayList = () =>
      api.pods.list({ namespace, labels: '' }).then(
        () => true,
        () => false,
      );
    await until(`the role in ${namespace} holds`, mayList);
  }
  api.close();
  runtime = createKubernetesRuntime({ ...CLUSTER, kubeconfig, namespacePrefix: `${installation.prefix}-` });
});

afterAll(async () => {
  await runtime.close();
  await installation.end();
});

test.each([
  ['default', 'restricted'],
  ['acme', 'baseline'],
] as const)(
  'The worker can do everything for a workspace of %s in a namespace that it may not change.',
  async (organization, podSecurity) => {
    const id = `${ID}-${organization}`;
    const ref = { id, organization, build: 2 };
    const { identity } = await runtime.prepareHome({ ...HOME, id, organization }, patiently());
    const spec = podSpec({ id, organization, podSecurity, home: identity, image: IMAGE, build: 1 });
    await runtime.startPod(spec, patiently());
    await runtime.startPod({ ...spec, build: 2 }, patiently());
    const { stdout } = await runtime.exec(
      ref,
      { argv: ['sh', '-c', 'echo kept >"$HOME/file" && cat "$HOME/file"'] },
      patiently().signal,
    );
    expect(stdout).toBe('kept\n');
    expect(await runtime.observe(ref)).toMatchObject({ state: 'running' });
    expect((await runtime.listPods()).filter((pod) => pod.id === id)).toHaveLength(1);
    expect((await runtime.listHomes()).filter((home) => home.id === id)).toHaveLength(1);
    await runtime.stopPod(ref, patiently());
    await runtime.deleteHome({ id, organization, identity });
    expect((await runtime.listHomes()).filter((home) => home.id === id)).toEqual([]);
  },
);

test('An organization without a namespace is refused, and the refusal says who can create it.', async () => {
  const home = { ...HOME, id: 'w2', organization: 'missing' };
  const failure = await expectFailure(runtime.prepareHome(home, patiently()), 'NotAllowed');
  expect(failure.message).toContain('deploy/kubernetes/organization');
});
