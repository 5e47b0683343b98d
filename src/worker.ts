/**
 * The worker, the one file that may import every room. Reads the environment, creates the runtime, the activities, and the workers of
 * the three queues, and drains them on SIGTERM.
 */
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { createActivities } from './activities';
import { installationOf } from './client/installation';
import { settleNoProxy, withoutProxyToLoopback } from './client/loopback';
import { CARE_QUEUE, NAMESPACE, STARTS_QUEUE, TASK_QUEUE } from './contract/names';
import type { Runtime as WorkspaceRuntime } from './runtimes/runtime';
import { createSandboxRuntime, makePassage, tieToInstallation, tightenDir } from './runtimes/sandbox';
import { noteRunning } from './runtimes/sandbox/process/note-running';
import { loadWorkflows, PAYLOAD_CONVERTER_PATH } from './worker/bundle';
import { slotsForLongSteps } from './worker/care-slots';
import { createLogger } from './worker/logger';
import { prepareNamespace } from './worker/namespace';
import { openSecrets } from './worker/secrets';
import { readSettings, type WorkerSettings } from './worker/settings';
import { startSlots } from './worker/start-slots';
import { TASK_TIMEOUT } from './worker/task-timeout';

const SHUTDOWN_GRACE = '3s';
const SHUTDOWN_FORCE = '10s';

/** Runs until a signal ends the process. Rejects at start with a clear sentence when a setting or the namespace is wrong. */
async function runWorker(environment: NodeJS.ProcessEnv): Promise<void> {
  noteRunning(__dirname);
  const settings = readSettings(environment);
  installLogger(settings.logLevel);
  const { connectionOptions, namespace = NAMESPACE } = loadClientConnectConfig();
  const client = new Client({ connection: await Connection.connect(withoutProxyToLoopback(connectionOptions)), namespace });
  const installation = await installationOf(client);
  const runtime = await createRuntime(settings, installation);
  const secrets = await openSecrets(settings, installation);
  await prepareNamespace(client, runtime.name, settings.firstImage);
  const activities = createActivities({
    runtime,
    client,
    secrets: secrets.forActivities,
    watchIntervalMs: settings.watchIntervalMs,
    maxLongSteps: slotsForLongSteps(settings.careSlots),
  });
  const connection = await NativeConnection.connect(connectionOptions);
  const workers = await createWorkers({ settings, connection, namespace, activities });
  const running = Promise.all(workers.map((worker) => worker.run()));
  Runtime.instance().logger.info('worker: ready', { namespace, runtime: runtime.name });
  process.send?.({ ready: true });
  // An open connection would keep the drained process alive.
  await running.finally(() => Promise.all([runtime.close(), secrets.close(), client.connection.close(), connection.close()]));
}

async function createWorkers({
  settings,
  connection,
  namespace,
  activities,
}: {
  settings: WorkerSettings;
  connection: NativeConnection;
  namespace: string;
  activities: ReturnType<typeof createActivities>;
}): Promise<Worker[]> {
  const bundle = await loadWorkflows();
  const options: Omit<WorkerOptions, 'taskQueue'> = {
    connection,
    namespace,
    activities,
    dataConverter: { payloadConverterPath: PAYLOAD_CONVERTER_PATH },
    shutdownGraceTime: SHUTDOWN_GRACE,
    shutdownForceTime: SHUTDOWN_FORCE,
    ...TASK_TIMEOUT,
    // A cancel reaches an activity with the answer to a heartbeat, so heartbeats are throttled to 1 s at most.
    maxHeartbeatThrottleInterval: '1s',
    defaultHeartbeatThrottleInterval: '1s',
  };
  return Promise.all([
    Worker.create({ ...options, taskQueue: TASK_QUEUE, workflowBundle: bundle, maxCachedWorkflows: settings.maxCachedWorkflows }),
    Worker.create({ ...options, taskQueue: STARTS_QUEUE, ...startSlots(settings.startSlots) }),
    Worker.create({ ...options, taskQueue: CARE_QUEUE, maxConcurrentActivityTaskExecutions: settings.careSlots }),
  ]);
}

/** Loads the Kubernetes client only when needed, since that takes half a second. */
async function createRuntime(settings: WorkerSettings, installation: string): Promise<WorkspaceRuntime> {
  const { runtime, sandbox, kubernetes } = settings;
  if (runtime === 'sandbox') {
    makePassage(sandbox.dir);
    tightenDir(sandbox.dir);
    await tieToInstallation(sandbox.dir, installation);
    return createSandboxRuntime(sandbox);
  }
  const { createKubernetesRuntime } = await import('./runtimes/kubernetes/index.js');
  const log = (level: 'info' | 'warn', message: string) => Runtime.instance().logger[level](message);
  return createKubernetesRuntime({ ...kubernetes, installation, log });
}

function installLogger(level: string): void {
  Runtime.install({
    shutdownSignals: ['SIGINT', 'SIGTERM', 'SIGQUIT'],
    telemetryOptions: { logging: { filter: { core: 'WARN', other: 'WARN' }, forward: {} } },
    logger: createLogger({ level }),
  });
}

Object.assign(process.env, settleNoProxy(process.env));
runWorker(process.env).catch((error: unknown) => {
  process.stderr.write(`worker: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});
