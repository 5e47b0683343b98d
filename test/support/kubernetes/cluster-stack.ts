import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { connectClient, type PerennialClient, type WorkspaceHandle } from '../../../src/client';
import { createKubernetesRuntime, type KubernetesRuntime } from '../../../src/runtimes/kubernetes';
import { patiently } from '../runtimes/contract';
import { endAllStarts, launchStart, readStack, type StartProcess } from '../start/start-process';
import { until } from '../until';
import { CLUSTER, KUBECONFIG } from './cluster-env';

/** Where the workspaces of the organization `default` are. */
export const NAMESPACE = 'perennial-default';

/**
 * A build or a purge that needs the kubelet to end a pod. A kubelet whose API server was away may wait a minute more before it asks again
 * (client-go backs off by 30 s, with as much of jitter), and then ends the pod with its grace period.
 */
export const BUILD_MS = 240_000;

/** `npm start` on the cluster, in a folder of its own. */
export interface ClusterStack {
  dir: string;
  start: StartProcess;
  client: PerennialClient;
  /** With the administrator's credentials, whatever the worker has. */
  runtime: KubernetesRuntime;
  /** What a script prints that is run in the pod of a workspace, whatever its state. */
  inside(workspace: WorkspaceHandle, script: string): Promise<string>;
  /** Waits until a build has ended, and expects that it ended well and is the last. */
  untilBuilt(workspace: WorkspaceHandle, build: number): Promise<void>;
  end(): Promise<void>;
}

export async function startClusterStack({ kubeconfig = KUBECONFIG } = {}): Promise<ClusterStack> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'perennial-cluster-'));
  chmodSync(folder, 0o755);
  const dir = path.join(folder, 'stack');
  const script = path.join(__dirname, '..', '..', '..', 'scripts', 'start.mjs');
  const args = ['--dir', dir, '--runtime', 'kubernetes', '--no-first'];
  const start = launchStart({
    script,
    args,
    env: { KUBECONFIG: kubeconfig, PERENNIAL_KUBERNETES_IMAGE_PULL_POLICY: CLUSTER.imagePullPolicy },
  });
  await start.untilSaid(/^ready /m);
  const client = await connectClient({ address: readStack(dir).temporal.address });
  const runtime = createKubernetesRuntime({ kubeconfig: KUBECONFIG });
  return {
    dir,
    start,
    client,
    runtime,
    inside: async (workspace, text) => {
      const { id, organization, build } = await workspace.status();
      const pod = { id, organization, build: build?.number ?? 0 };
      return (await runtime.exec(pod, { argv: ['sh', '-c', text] }, patiently().signal)).stdout.trim();
    },
    untilBuilt: async (workspace, number) => {
      const hasEnded = async () => {
        const { build } = await workspace.status();
        return build !== null && (build.number > number || (build.number === number && build.endedAt !== null));
      };
      await until(`build ${number} of ${workspace.workspace} ends`, hasEnded, { patienceMs: BUILD_MS }).catch(
        async ({ message }) => {
          const [{ build }, pending] = await Promise.all([workspace.status(), workspace.pendingStep()]);
          throw new Error(`${message}, and it does not: ${JSON.stringify({ pending, build }, null, 2)}`);
        },
      );
      expect(await workspace.status()).toMatchObject({ state: 'running', build: { number, failure: null } });
    },
    end: async () => {
      await runtime.close();
      await client.close();
      await endAllStarts();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until a purged workspace's workflow has ended. */
export async function purge(client: PerennialClient, workspace: WorkspaceHandle): Promise<void> {
  await workspace.delete({ by: 'test', purge: true });
  const handle = client.temporal.workflow.getHandle(`workspace/${workspace.workspace}`);
  await until(`${workspace.workspace} is purged`, async () => (await handle.describe()).status.name === 'COMPLETED', {
    patienceMs: BUILD_MS,
  });
}
