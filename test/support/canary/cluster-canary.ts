/** A stack that keeps its secrets in the cluster, with all that it says kept for the search. Its own programs run on this machine. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { connectClient } from '../../../src/client';
import { installationOf } from '../../../src/client/installation';
import { NAMESPACE, workspaceWorkflowId } from '../../../src/contract/names';
import { createKubernetesRuntime } from '../../../src/runtimes/kubernetes';
import { hostAddressFor } from '../../../src/runtimes/kubernetes/api/host-address';
import { createKubernetesStore } from '../../../src/secrets/kubernetes';
import { startGatewayProcess } from '../../../src/start/process/gateway-process';
import { choosePort } from '../../../src/start/process/port';
import { startWorkerProcess } from '../../../src/start/process/worker-process';
import { findTemporalCli } from '../../../src/start/temporal/find-cli';
import { administer, CLUSTER, KUBECONFIG } from '../kubernetes/cluster-env';
import { NAMESPACE as ORGANIZATION_NAMESPACE } from '../kubernetes/cluster-stack';
import { openShell } from '../runtimes/open-shell';
import { ROOT } from '../source-scans';
import { startDevServer } from '../temporal/dev-server';
import { askGateway, createCommandLine, type GatewayCall } from './calls';
import type { CanaryStack } from './canary-stack';
import { Evidence, watch } from './evidence';

/** Progress of the programs is in their logs. */
const QUIET = { say: () => undefined, signal: new AbortController().signal, onSpawn: () => undefined };
const SCRIPTS = path.join(ROOT, 'dist');
/** Other tests look at what is left of their own owners, in the same namespace at the same time. */
export const OWNER = 'canary';

export interface ClusterCanary
  extends Pick<CanaryStack, 'evidence' | 'canaries' | 'client' | 'store' | 'perennial' | 'inside' | 'ask'> {
  /** The address of this machine that pods reach. */
  host: string;
  /** The namespace of the store. */
  system: string;
  /** What a terminal prints in which a line was typed. */
  type(line: string): Promise<string>;
  /** Ends all programs, and keeps what they wrote. */
  end(): Promise<void>;
}

/** What the stack is made of, and what ends each part, in the order of their starts. */
interface Place {
  dir: string;
  system: string;
  evidence: Evidence;
  endings: (() => unknown)[];
}

export async function startClusterCanary(): Promise<ClusterCanary> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'perennial-canary-'));
  const system = `t${randomBytes(3).toString('hex')}-system`;
  const place: Place = { dir, system, evidence: new Evidence(), endings: [] };
  try {
    return await startAll(place);
  } catch (error) {
    await endAll(place);
    throw error;
  }
}

async function endAll({ dir, evidence, endings }: Place): Promise<void> {
  for (const end of endings.splice(0).reverse()) await end();
  const logs = path.join(dir, 'logs');
  for (const name of existsSync(logs) ? readdirSync(logs) : [])
    evidence.add('log lines', name, readFileSync(path.join(logs, name)));
  rmSync(dir, { recursive: true, force: true });
}

async function startAll(place: Place): Promise<ClusterCanary> {
  const { system, evidence, endings } = place;
  await administer().createNamespace({ body: { metadata: { name: system } } });
  endings.push(() => administer().deleteNamespace({ name: system }), removeWorkspace);
  const { address, host, url, env } = await startPrograms(place);
  const client = await connectClient({ address });
  const runtime = createKubernetesRuntime({ kubeconfig: KUBECONFIG });
  const installation = await installationOf(client.temporal);
  const store = createKubernetesStore({ kubeconfig: KUBECONFIG, namespace: system, installation });
  const watching = watch(evidence, client, [workspaceWorkflowId(OWNER, 'dev')]);
  endings.push(client.close, runtime.close, () => store.close(), watching.stop);
  const open = async (input: string, command: string[]) => {
    const { id, organization, build } = await client.workspace(OWNER, 'dev').status();
    return openShell(runtime, { id, organization, build: build?.number ?? 0 }, { input, command });
  };
  return {
    evidence,
    canaries: [],
    client,
    store,
    host,
    system,
    perennial: createCommandLine(env, evidence),
    inside: (script) => open('', ['sh', '-c', script]),
    type: (line) => open(`${line}\nexit\n`, []),
    ask: (route: string, call: GatewayCall) => askGateway(evidence, `${url}${route}`, call),
    end: () => endAll(place),
  };
}

/** What a failed test left. */
async function removeWorkspace(): Promise<void> {
  const left = { namespace: ORGANIZATION_NAMESPACE, labelSelector: `perennial/owner=${OWNER}` };
  await administer().deleteCollectionNamespacedPod(left);
  await administer().deleteCollectionNamespacedPersistentVolumeClaim(left);
}

async function startPrograms({ dir, system, endings }: Place) {
  const server = await startDevServer(await findCli(), dir);
  endings.push(server.end);
  const [host, port] = [
    await hostAddressFor({ kubeconfig: KUBECONFIG }),
    await choosePort({ option: '--gateway-port', port: 0 }),
  ];
  const url = `http://${host}:${port}`;
  const env = {
    TEMPORAL_ADDRESS: server.address,
    TEMPORAL_NAMESPACE: NAMESPACE,
    KUBECONFIG,
    PERENNIAL_DIR: dir,
    PERENNIAL_RUNTIME: 'kubernetes',
    PERENNIAL_SECRETS: 'kubernetes',
    PERENNIAL_SECRETS_NAMESPACE: system,
    PERENNIAL_KUBERNETES_IMAGE_PULL_POLICY: CLUSTER.imagePullPolicy,
    PERENNIAL_LOG_LEVEL: 'debug',
  };
  const part = { ...QUIET, dir, env: { ...process.env, ...env } };
  const starting = [
    startWorkerProcess({ ...part, script: path.join(SCRIPTS, 'worker.js'), gatewayUrl: url }),
    startGatewayProcess({ ...part, script: path.join(SCRIPTS, 'gateway.js'), host, port }),
  ];
  endings.push(() => Promise.allSettled(starting.map(async (started) => (await started).end())));
  await Promise.all(starting);
  return { address: server.address, host, url, env };
}

const findCli = () =>
  findTemporalCli({
    ...QUIET,
    setting: process.env.PERENNIAL_TEST_TEMPORAL_CLI,
    searchPath: process.env.PATH ?? '',
    cacheDir: path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'), 'perennial'),
    env: process.env,
  });
