/** A Temporal server, real or time-skipping, with workers on the memory runtime, for tests of workflows. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker, type WorkflowBundleOption } from '@temporalio/worker';
import { createActivities } from '../../../src/activities';
import { queryPolicy } from '../../../src/activities/policy';
import { type PerennialClient, type WorkspaceHandle, wrapClient } from '../../../src/client';
import { CARE_QUEUE, NAMESPACE, STARTS_QUEUE, TASK_QUEUE } from '../../../src/contract/names';
import type { StatusView } from '../../../src/contract/payloads';
import type { Policy } from '../../../src/contract/policy';
import { anyImage, createMemoryRuntime, type MemoryOptions, type MemoryRuntime } from '../../../src/runtimes/memory';
import type { TemporalServer } from '../../../src/start/temporal/server';
import { PAYLOAD_CONVERTER_PATH } from '../../../src/worker/bundle';
import { addSearchAttributes, registerSearchAttributes } from '../../../src/worker/namespace';
import { TASK_TIMEOUT } from '../../../src/worker/task-timeout';
import { startDevServer } from '../temporal/dev-server';
import { until } from '../until';
import { createStackSecrets, type StackSecrets } from './secrets-env';
import { sharedBundle } from './shared-bundle';

const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'perennial');
export const CLI = process.env.PERENNIAL_TEST_TEMPORAL_CLI ?? join(CACHE, 'temporal-cli-1.5.1', 'temporal');
const TEST_SERVER = process.env.PERENNIAL_TEST_SERVER || join(CACHE, 'temporal-test-server-1.38.0', 'temporal-test-server');
const WATCH_MS = 100;
/** The poll of a hook without anything to run. */
export const NO_HOOK = { exitCode: 0, stdout: 'state ended\nexit 0\nreport skipped: there is nothing to run\n', stderr: '' };

export const payloadConverterPath = PAYLOAD_CONVERTER_PATH;

/** What a test overrides: verbs of the runtime, and activities. */
export interface Overrides extends MemoryOptions {
  readPolicy?: (query: () => Promise<Policy>) => Promise<Policy>;
  /** Replaces the computation of a plan; undefined leaves it. */
  nextOccurrence?: () => Promise<never> | undefined;
  /** Replaces the check of a zone at a creation. */
  checkTimeZone?: () => Promise<void>;
  /** A push of a policy waits for this before it begins. */
  pushPolicy?: () => Promise<void>;
}

export interface Stack {
  env: TestWorkflowEnvironment;
  /** The real server; null on the time-skipping one. */
  server: TemporalServer | null;
  client: PerennialClient;
  runtime: MemoryRuntime;
  /** The store of secrets; null where the installation keeps none. */
  secrets: StackSecrets | null;
  /** A test sets and clears these. */
  overrides: Overrides;
  /** Ends all workers, as a deployment does. */
  stopWorkers(): Promise<void>;
  /** All workers; one queue may be left to a worker of the test's own. */
  startWorkers(without?: string): Promise<void>;
  close(): Promise<void>;
}

/** Starts a server and the workers: `time-skipping` for tests in which days pass, `dev` for the real server. */
export async function startStack(
  kind: 'dev' | 'time-skipping',
  { withWatch = false, withOutages = false, withSecrets = false, watchMs = WATCH_MS } = {},
) {
  installQuietRuntime();
  const { env, server } = kind === 'dev' ? await createDevServer() : { env: await createTimeSkippingServer(), server: null };
  // Not the environment's own client, which lets the clock run while it waits for a result.
  const temporal = new Client({ connection: env.connection, namespace: env.client.options.namespace });
  // The time-skipping server cannot list search attributes, and is always new.
  if (kind === 'dev') await registerSearchAttributes(temporal);
  else await addSearchAttributes(temporal);
  const overrides: Overrides = {};
  const runtime = createOverridableRuntime(overrides);
  // Reads are not coalesced, so that a test can override the read of one workspace.
  const read = (organization: string) => {
    const query = () => queryPolicy(temporal, organization);
    return overrides.readPolicy?.(query) ?? query();
  };
  const secrets = withSecrets ? createStackSecrets() : null;
  const watch = { watchIntervalMs: watchMs, watchFullIntervalMs: 3_000 };
  const activities = createActivities({
    runtime,
    client: temporal,
    policies: { read },
    ...(secrets && { secrets: secrets.forActivities }),
    ...watch,
  });
  const { nextOccurrence, checkTimeZone, pushPolicy } = activities;
  activities.checkTimeZone = (input) => overrides.checkTimeZone?.() ?? checkTimeZone(input);
  activities.nextOccurrence = (input) => overrides.nextOccurrence?.() ?? nextOccurrence(input);
  activities.pushPolicy = async (input) => {
    await overrides.pushPolicy?.();
    return pushPolicy(input);
  };
  const bundle = await sharedBundle();
  let running: { workers: Worker[]; runs: Promise<PromiseSettledResult<void>[]> } | null = null;
  const stack: Stack = {
    env,
    server,
    client: wrapClient(temporal),
    runtime,
    secrets,
    overrides,
    async startWorkers(without) {
      const workers = await createWorkers({ env, activities, bundle, withOutages, without });
      running = { workers, runs: Promise.allSettled(workers.map((worker) => worker.run())) };
    },
    async stopWorkers() {
      const stopped = running;
      running = null;
      for (const worker of stopped?.workers ?? []) if (worker.getState() === 'RUNNING') worker.shutdown();
      for (const end of (await stopped?.runs) ?? []) if (end.status === 'rejected' && !isHeldLate(end.reason)) throw end.reason;
    },
    async close() {
      await stack.stopWorkers();
      // A call that the SDK is about to try again throws out of its timer when the channel is shut, into whatever test file runs by
      // then. The channel ends with this process.
      Object.assign(env.connection, { close: async () => undefined });
      await env.teardown();
      await server?.end();
      secrets?.remove();
    },
  };
  await stack.startWorkers();
  await stack.client.organization('default').create();
  if (withWatch)
    await temporal.workflow.start('watch', { workflowId: 'watch/memory', taskQueue: TASK_QUEUE, args: [{ runtime: 'memory' }] });
  return stack;
}

function createOverridableRuntime(overrides: Overrides) {
  return createMemoryRuntime({
    now: Date.now,
    fail: (verb, call) => overrides.fail?.(verb, call),
    failLate: (verb, call) => overrides.failLate?.(verb, call),
    hold: (verb, call) => overrides.hold?.(verb, call),
    image: (reference) => (overrides.image ?? anyImage)(reference),
    exec: (pod, command, signal) => overrides.exec?.(pod, command, signal) ?? NO_HOOK,
  });
}

export function untilState(workspace: WorkspaceHandle, state: StatusView['state']): Promise<StatusView> {
  return until(`${workspace.workspace} is ${state}`, async () => {
    const status = await workspace.status();
    return status.state === state && status;
  });
}

/** A gate for `overrides.hold`: calls wait until it opens, or until they are aborted. */
export function createGate(): { open: () => void; opened: Promise<void> } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

/** Takes back everything that a test scripted. */
export function clearOverrides({ overrides }: Stack): void {
  for (const key of Object.keys(overrides)) delete overrides[key as keyof Overrides];
}

/** The failures of workflow tasks in every run of a workflow, by cause; an entity that is sound has none but the server's own. */
export async function taskFailures(stack: Stack, workflowId: string): Promise<string[]> {
  const failures: string[] = [];
  for await (const { runId } of stack.client.temporal.workflow.list({ query: `WorkflowId='${workflowId}'` })) {
    const { events } = await stack.client.temporal.workflow.getHandle(workflowId, runId).fetchHistory();
    for (const { workflowTaskFailedEventAttributes: failed } of events ?? []) {
      if (failed) failures.push(`${String(failed.cause)} ${failed.failure?.message ?? ''}`);
    }
  }
  return failures;
}

/** The SDK ends a worker, and then complains where a call of an activity that was held has only just returned. */
function isHeldLate(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Worker still in use');
}

function createWorkers(given: {
  env: TestWorkflowEnvironment;
  activities: ReturnType<typeof createActivities>;
  bundle: WorkflowBundleOption;
  withOutages: boolean;
  without: string | undefined;
}): Promise<Worker[]> {
  const { env, activities, bundle, withOutages, without } = given;
  const options = {
    connection: env.nativeConnection,
    ...(env.namespace === undefined ? {} : { namespace: env.namespace }),
    activities,
    dataConverter: { payloadConverterPath },
    maxHeartbeatThrottleInterval: '200ms',
    defaultHeartbeatThrottleInterval: '200ms',
    shutdownForceTime: '5s',
    ...TASK_TIMEOUT,
    // The time-skipping server waits without limit for a stopped worker that had the workflow in its cache. Without a cache, only one task
    // at a time is safe.
    ...(withOutages ? { maxCachedWorkflows: 0, maxConcurrentWorkflowTaskExecutions: 1, maxConcurrentWorkflowTaskPolls: 1 } : {}),
  } as const;
  const queues = [{ taskQueue: TASK_QUEUE, workflowBundle: bundle }, { taskQueue: STARTS_QUEUE }, { taskQueue: CARE_QUEUE }];
  return Promise.all(
    queues.filter(({ taskQueue }) => taskQueue !== without).map((queue) => Worker.create({ ...options, ...queue })),
  );
}

async function createDevServer(): Promise<{ env: TestWorkflowEnvironment; server: TemporalServer }> {
  const dir = mkdtempSync(join(tmpdir(), 'perennial-server-'));
  const server = await startDevServer(CLI, dir, { isSparing: true });
  const env = await TestWorkflowEnvironment.createFromExistingServer({ address: server.address, namespace: NAMESPACE });
  const end = async () => {
    await server.end();
    rmSync(dir, { recursive: true, force: true });
  };
  return { env, server: { ...server, end } };
}

/** Where there is none on the machine the SDK downloads its own. It waits 5 s for the server, which a busy machine may need longer to start. */
async function createTimeSkippingServer(tries = 3): Promise<TestWorkflowEnvironment> {
  const executable = { type: 'existing-path', path: TEST_SERVER } as const;
  try {
    return await TestWorkflowEnvironment.createTimeSkipping(existsSync(TEST_SERVER) ? { server: { executable } } : {});
  } catch (error) {
    if (tries === 1) throw error;
    return createTimeSkippingServer(tries - 1);
  }
}

let isInstalled = false;
function installQuietRuntime(): void {
  if (isInstalled) return;
  isInstalled = true;
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } },
  });
}
