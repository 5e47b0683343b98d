import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { isClosed } from '../activities/workflow-status';
import * as messages from '../workflows/messages';
import type {
  Answer,
  BuildView,
  ByInput,
  ConfigureInput,
  CreateInput,
  DeleteAnswer,
  DeleteInput,
  ExplainView,
  PingInput,
  RebuildInput,
  StatusView,
  StopInput,
} from '../workflows/messages';
import { RequestFailure, requesting, sendQuery, sendUpdate } from './failure';

/** One workspace. Every request rejects with a `RequestFailure`. */
export interface WorkspaceHandle {
  /** `owner/name`. */
  workspace: string;
  owner: string;
  name: string;
  status(): Promise<StatusView>;
  explain(): Promise<ExplainView>;
  build(number?: number): Promise<BuildView>;
  /** A signal: resolves once the server has it, needs no worker. */
  ping(input?: PingInput): Promise<void>;
  start(input?: ByInput): Promise<Answer>;
  stop(input?: StopInput): Promise<Answer>;
  rebuild(input?: RebuildInput): Promise<Answer>;
  cancelBuild(input?: ByInput): Promise<Answer>;
  restore(input?: ByInput): Promise<Answer>;
  delete(input?: DeleteInput): Promise<DeleteAnswer>;
  configure(input: ConfigureInput): Promise<StatusView>;
  /** What the running step waits for, from its heartbeat; null while no step runs. */
  pendingStep(): Promise<PendingStep | null>;
  /** Polls until the build has ended, well or not; `onChange` is called with each state of it that differs from the one before. */
  waitForBuild(number: number, options?: WaitOptions): Promise<BuildView>;
}

export interface PendingStep {
  attempt: number;
  waitingFor: string | null;
  lastFailure: string | null;
}

export interface WaitOptions {
  onChange?: (build: BuildView, pending: PendingStep | null) => void;
  intervalMs?: number;
  signal?: AbortSignal;
}

const POLL_INTERVAL_MS = 250;

export async function createWorkspace(client: Client, input: CreateInput): Promise<WorkspaceHandle> {
  const workflowId = messages.workspaceWorkflowId(input.owner, input.name);
  await requesting(`workspace ${input.owner}/${input.name}`, () =>
    client.workflow.start('workspace', {
      workflowId,
      taskQueue: messages.TASK_QUEUE,
      args: [input],
      workflowIdConflictPolicy: 'FAIL',
    }),
  );
  return workspaceHandle(client, input.owner, input.name);
}

export function workspaceHandle(client: Client, owner: string, name: string): WorkspaceHandle {
  const workspace = `${owner}/${name}`;
  const handle = client.workflow.getHandle(messages.workspaceWorkflowId(owner, name));
  const request = <T>(work: () => Promise<T>) => requesting(`workspace ${workspace}`, work);
  const query = <T>(work: () => Promise<T>) => sendQuery(`workspace ${workspace}`, work);
  const update = <T>(work: (updateId: string) => Promise<T>) => sendUpdate(`workspace ${workspace}`, work);
  const self: WorkspaceHandle = {
    workspace,
    owner,
    name,
    status: () => query(() => handle.query(messages.statusQuery)),
    explain: () => query(() => handle.query(messages.explainQuery)),
    build: (number) => query(() => handle.query(messages.buildQuery, number === undefined ? {} : { number })),
    ping: (input = {}) => request(() => handle.signal(messages.pingSignal, input)),
    start: (input = {}) => update((updateId) => handle.executeUpdate(messages.startUpdate, { args: [input], updateId })),
    stop: (input = {}) => update((updateId) => handle.executeUpdate(messages.stopUpdate, { args: [input], updateId })),
    rebuild: (input = {}) => update((updateId) => handle.executeUpdate(messages.rebuildUpdate, { args: [input], updateId })),
    cancelBuild: (input = {}) =>
      update((updateId) => handle.executeUpdate(messages.cancelBuildUpdate, { args: [input], updateId })),
    restore: (input = {}) => update((updateId) => handle.executeUpdate(messages.restoreUpdate, { args: [input], updateId })),
    delete: (input = {}) => update((updateId) => handle.executeUpdate(messages.deleteUpdate, { args: [input], updateId })),
    configure: (input) => update((updateId) => handle.executeUpdate(messages.configureUpdate, { args: [input], updateId })),
    pendingStep: () => request(() => pendingStep(client, handle.workflowId)),
    waitForBuild: (number, options = {}) =>
      request(() => waitForBuild({ self, number, options, failed: () => throwIfFailed(client, handle.workflowId) })),
  };
  return self;
}

async function waitForBuild(given: {
  self: WorkspaceHandle;
  number: number;
  options: WaitOptions;
  failed: () => Promise<void>;
}): Promise<BuildView> {
  const { self, number, options, failed } = given;
  let shown = '';
  for (;;) {
    options.signal?.throwIfAborted();
    const build = await buildOrNull(self, number, failed);
    if (build) {
      const pending = build.endedAt === null && options.onChange ? await self.pendingStep() : null;
      const now = JSON.stringify([build, pending]);
      if (now !== shown) options.onChange?.(build, pending);
      shown = now;
      if (build.endedAt !== null) return build;
    }
    await new Promise((resolve) => setTimeout(resolve, options.intervalMs ?? POLL_INTERVAL_MS));
  }
}

/** A build that was accepted and has not begun yet is not found for a moment; one that never can begin has failed the workflow. */
async function buildOrNull(handle: WorkspaceHandle, number: number, failed: () => Promise<void>): Promise<BuildView | null> {
  await failed();
  const status = await handle.status();
  if (status.build?.number === number) return status.build;
  if (status.build === null) return null;
  if (status.build.number < number) {
    if (status.state === 'building' || status.state === 'turning-off') return null;
    throw new RequestFailure(
      'NotFound',
      `build ${number} of ${handle.workspace} was taken back before it began; it is ${status.state}`,
    );
  }
  return handle.build(number);
}

/** Input that was refused ends the workflow, and with it all waiting: its failure is the answer. */
async function throwIfFailed(client: Client, workflowId: string): Promise<void> {
  const handle = client.workflow.getHandle(workflowId);
  const { status } = await handle.describe();
  if (isClosed(status)) await handle.result();
}

async function pendingStep(client: Client, workflowId: string): Promise<PendingStep | null> {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  const steps = ['admit', 'prepareHome', 'startPod', 'runHookStep', 'stopPod'];
  const pending = raw.pendingActivities?.find(({ activityType }) => steps.includes(activityType?.name ?? ''));
  if (!pending) return null;
  const [payload] = pending.heartbeatDetails?.payloads ?? [];
  const details = payload ? defaultPayloadConverter.fromPayload<{ waitingFor?: string } | null>(payload) : null;
  return {
    attempt: pending.attempt ?? 1,
    waitingFor: details?.waitingFor ?? null,
    lastFailure: pending.lastFailure?.message ?? null,
  };
}
