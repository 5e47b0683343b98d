/** The environment of the measurements: the product's Temporal server and workers, and a worker of the baseline. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { createActivities } from '../../src/activities';
import type { WorkspaceSecrets } from '../../src/activities/workspace-secrets';
import { type PerennialClient, wrapClient } from '../../src/client';
import { installationOf } from '../../src/client/installation';
import { CARE_QUEUE, NAMESPACE, STARTS_QUEUE, TASK_QUEUE } from '../../src/contract/names';
import type { Runtime as WorkspaceRuntime } from '../../src/runtimes/runtime';
import type { SecretStore } from '../../src/secrets/store';
import { prepareNamespace } from '../../src/worker/namespace';
import { workspaceSecrets } from '../../src/worker/secrets';
import { readSettings } from '../../src/worker/settings';
import { startSlots } from '../../src/worker/start-slots';
import { startDevServer } from '../support/temporal/dev-server';
import type { Bench } from './report';

export const BASELINE_QUEUE = 'bench-baseline';
/** The workflows as they are deployed: compiled, since what the bundler makes of sources costs more memory. */
const COMPILED = join(__dirname, '..', '..', 'dist', 'workflows');
export const payloadConverterPath = join(COMPILED, 'sdk', 'payload-converter.js');
/** Nothing answers there, and nothing asks: it is in what a pod is given. */
const GATEWAY_URL = 'http://127.0.0.1:1';
/** For `actingSleeper`. */
const NOTHING = { nothing: async () => undefined };

/** What must not outlive this process, however it ends: servers and sandboxes run in sessions of their own. */
export const cleanups = new Set<() => Promise<void>>();

export interface BenchEnv {
  client: PerennialClient;
  temporal: Client;
  close(): Promise<void>;
}

/** What a measurement may set; by default nothing keeps secrets. */
export interface BenchOptions {
  /** Of the worker. */
  environment?: NodeJS.ProcessEnv;
  /** Opens the store of secrets. `installation`: the id of the Temporal namespace. */
  openStore?(installation: string): SecretStore;
}

/** Starts a server on a new file, and workers with the settings that the product has by default or is given, all in this process. */
export async function openBenchEnv(
  bench: Bench,
  runtime: WorkspaceRuntime,
  { environment = {}, openStore }: BenchOptions = {},
): Promise<BenchEnv> {
  installQuietRuntime();
  const dir = mkdtempSync(join(tmpdir(), 'perennial-bench-'));
  bench.say('starting a Temporal server');
  const server = await startDevServer(bench.cli, dir);
  cleanups.add(server.end);
  const temporal = new Client({ connection: server.connection, namespace: NAMESPACE });
  await prepareNamespace(temporal, runtime.name);
  const connection = await NativeConnection.connect({ address: server.address });
  bench.say('starting the workers');
  const installation = await installationOf(temporal);
  const store = openStore?.(installation);
  const secrets = store && workspaceSecrets({ store, installation, gatewayUrl: GATEWAY_URL });
  const workers = await createWorkers({ connection, runtime, temporal, environment, ...(secrets && { secrets }) });
  const running = Promise.all(workers.map((worker) => worker.run()));
  const close = async () => {
    for (const worker of workers) worker.shutdown();
    await running;
    await store?.close();
    await connection.close();
    await server.end();
    cleanups.delete(server.end);
    rmSync(dir, { recursive: true });
  };
  const client = wrapClient(temporal);
  await client.organization('default').policy();
  return { client, temporal, close };
}

let perennial: Promise<WorkflowBundleWithSourceMap> | null = null;
export function bundlePerennial(): Promise<WorkflowBundleWithSourceMap> {
  // As deployed: compiled, by the worker's own bundling.
  const { bundleWorkflows } = require(join(COMPILED, '..', 'worker', 'bundle.js')) as typeof import('../../src/worker/bundle');
  perennial ??= bundleWorkflows({ logger: new DefaultLogger('WARN') });
  return perennial;
}

let baseline: Promise<WorkflowBundleWithSourceMap> | null = null;
export function bundleBaseline(): Promise<WorkflowBundleWithSourceMap> {
  baseline ??= bundleWorkflowCode({
    workflowsPath: require.resolve('./baseline-workflows'),
    logger: new DefaultLogger('WARN'),
  });
  return baseline;
}

/** As in src/worker.ts, whose settings exist in its process only. */
async function createWorkers(given: {
  connection: NativeConnection;
  runtime: WorkspaceRuntime;
  temporal: Client;
  environment: NodeJS.ProcessEnv;
  secrets?: WorkspaceSecrets;
}): Promise<Worker[]> {
  const { connection, runtime, temporal, environment, secrets } = given;
  const settings = readSettings(environment);
  const activities = createActivities({
    runtime,
    client: temporal,
    watchIntervalMs: settings.watchIntervalMs,
    ...(secrets && { secrets }),
  });
  const both = {
    connection,
    namespace: NAMESPACE,
    maxCachedWorkflows: settings.maxCachedWorkflows,
    shutdownForceTime: '5s',
    maxHeartbeatThrottleInterval: '1s',
    defaultHeartbeatThrottleInterval: '1s',
  } satisfies Omit<WorkerOptions, 'taskQueue'>;
  const options = { ...both, activities, dataConverter: { payloadConverterPath } };
  return Promise.all([
    Worker.create({ ...options, taskQueue: TASK_QUEUE, workflowBundle: await bundlePerennial() }),
    Worker.create({ ...options, taskQueue: STARTS_QUEUE, ...startSlots(settings.startSlots) }),
    Worker.create({ ...options, taskQueue: CARE_QUEUE, maxConcurrentActivityTaskExecutions: settings.careSlots }),
    Worker.create({ ...both, activities: NOTHING, taskQueue: BASELINE_QUEUE, workflowBundle: await bundleBaseline() }),
  ]);
}

let isInstalled = false;
/** Once in a process, whichever measurement comes first. */
export function installQuietRuntime(): void {
  if (isInstalled) return;
  isInstalled = true;
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    shutdownSignals: [],
    telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } },
  });
}
