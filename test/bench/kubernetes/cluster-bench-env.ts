/** The environment of measurements on a cluster: the product's server and workers on the runtime `kubernetes`, in namespaces of their own. */
import { randomBytes } from 'node:crypto';
import type { WorkspaceHandle } from '../../../src/client';
import { organizationWorkflowId, TASK_QUEUE } from '../../../src/contract/names';
import { createKubernetesRuntime, type KubernetesRuntime } from '../../../src/runtimes/kubernetes';
import { createKubernetesStore } from '../../../src/secrets/kubernetes';
import { until } from '../../support/until';
import { type BenchEnv, cleanups, openBenchEnv } from '../bench-env';
import type { Bench } from '../report';
import { openPlainCluster, type PlainCluster } from './plain-cluster';

const KUBECONFIG = process.env.KUBECONFIG ?? '';
/** An image whose user is coder, with `/coder/configure` in it. */
export const IMAGE = process.env.PERENNIAL_TEST_IMAGE ?? 'e2e.local/workspace:1';
/** So small that many fit on one node. */
export const RESOURCES = { cpu: '500m', memory: '128Mi', disk: '1Gi' };

const REMOVAL_LIMIT_MS = 10 * 60_000;

export interface ClusterBenchEnv extends BenchEnv {
  runtime: KubernetesRuntime;
  plain: PlainCluster;
  namespaceOf(organization: string): string;
  /** Removes a namespace with all in it, and waits until it is gone. */
  removeNamespace(name: string): Promise<void>;
}

/** Removes everything it made on the cluster at its end, also after a signal. */
export async function openClusterBenchEnv(bench: Bench, environment: NodeJS.ProcessEnv = {}): Promise<ClusterBenchEnv> {
  const namespacePrefix = `bench-${randomBytes(3).toString('hex')}-`;
  const runtime = createKubernetesRuntime({ kubeconfig: KUBECONFIG, namespacePrefix, imagePullPolicy: 'IfNotPresent' });
  const plain = openPlainCluster(KUBECONFIG);
  const system = `${namespacePrefix}system`;
  let env: BenchEnv | null = null;
  let ending: Promise<void> | null = null;
  const end = async () => {
    // The workers first, since they would create objects again.
    await env?.close().catch((error: unknown) => bench.say(`the workers did not end well: ${error}`));
    await runtime.close();
    await removeNamespaces(plain, namespacePrefix);
    plain.close();
    cleanups.delete(close);
  };
  const close = () => {
    ending ??= end();
    return ending;
  };
  cleanups.add(close);
  await plain.core.createNamespace({ body: { metadata: { name: system } } });
  env = await openBenchEnv(bench, runtime, {
    environment,
    openStore: (installation) => createKubernetesStore({ kubeconfig: KUBECONFIG, namespace: system, installation }),
  });
  return {
    ...env,
    close,
    runtime,
    plain,
    namespaceOf: (organization) => `${namespacePrefix}${organization}`,
    removeNamespace: (name) => removeNamespaces(plain, name),
  };
}

/** A new workspace, whose first build has ended. */
export async function runningWorkspace(
  env: ClusterBenchEnv,
  given: { name: string; organization?: string; image?: string },
): Promise<WorkspaceHandle> {
  const input = { owner: 'bench', image: IMAGE, resources: RESOURCES, by: 'bench', ...given };
  const workspace = await env.client.create(input);
  await until(`${given.name} is running`, async () => isRunning(workspace), { pauseMs: 200 });
  return workspace;
}

/** Asks once; rejects when the build has failed. */
export async function isRunning(workspace: WorkspaceHandle): Promise<boolean> {
  const { state, build } = await workspace.status();
  if (build?.failure) throw new Error(`${workspace.workspace}: ${build.failure.message}`);
  return state === 'running';
}

/** Not through the client's own `create`, which goes on waiting for a workflow's end that never comes, also after the server's. */
export async function createOrganization({ client, temporal }: ClusterBenchEnv, name: string): Promise<void> {
  const workflowId = organizationWorkflowId(name);
  await temporal.workflow.start('organization', { workflowId, taskQueue: TASK_QUEUE, args: [{ name }] });
  await client.organization(name).policy();
}

async function removeNamespaces({ core }: PlainCluster, prefix: string): Promise<void> {
  const left = async () => {
    const { items } = await core.listNamespace();
    return items.filter(({ metadata }) => metadata?.name?.startsWith(prefix));
  };
  for (const { metadata } of await left()) await core.deleteNamespace({ name: metadata?.name ?? '' });
  await until(`the namespaces ${prefix} are gone`, async () => (await left()).length === 0, {
    pauseMs: 500,
    patienceMs: REMOVAL_LIMIT_MS,
  });
}
