import type { Client } from '@temporalio/client';
import * as messages from '../contract/messages';
import { TASK_QUEUE, workspaceWorkflowId } from '../contract/names';
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
} from '../contract/payloads';
import { type PendingStep, pendingStep, type WaitOptions, waitForBuild } from './build-wait';
import { requesting, sendQuery, sendUpdate } from './failure';
import { explainEnd, queryOpenOnly } from './workflow-end';

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
  /**
   * Waits until the build has ended, well or not, or the one that replaced it; `onChange` is called with each state of it that differs
   * from the one before.
   */
  waitForBuild(number: number, options?: WaitOptions): Promise<BuildView>;
}

export async function createWorkspace(client: Client, input: CreateInput): Promise<WorkspaceHandle> {
  const workflowId = workspaceWorkflowId(input.owner, input.name);
  await requesting(`workspace ${input.owner}/${input.name}`, () =>
    client.workflow.start('workspace', {
      workflowId,
      taskQueue: TASK_QUEUE,
      args: [input],
      workflowIdConflictPolicy: 'FAIL',
    }),
  );
  return workspaceHandle(client, input.owner, input.name);
}

export function workspaceHandle(client: Client, owner: string, name: string): WorkspaceHandle {
  const workspace = `${owner}/${name}`;
  const handle = client.workflow.getHandle(workspaceWorkflowId(owner, name));
  const { workflowId } = handle;
  const queries = queryOpenOnly(client).getHandle(workflowId);
  const thing = `workspace ${workspace}`;
  const explained = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (failure) {
      throw await explainEnd({ client, workflowId, thing, failure });
    }
  };
  const request = <T>(work: () => Promise<T>) => explained(requesting(thing, work));
  const query = <T>(work: () => Promise<T>) => explained(sendQuery(thing, work));
  const update = <T>(work: (updateId: string) => Promise<T>) => explained(sendUpdate(thing, work));
  const self: WorkspaceHandle = {
    workspace,
    owner,
    name,
    status: () => query(() => queries.query(messages.statusQuery)),
    explain: () => query(() => queries.query(messages.explainQuery)),
    build: (number) => query(() => queries.query(messages.buildQuery, number === undefined ? {} : { number })),
    ping: (input = {}) => request(() => handle.signal(messages.pingSignal, input)),
    start: (input = {}) => update((updateId) => handle.executeUpdate(messages.startUpdate, { args: [input], updateId })),
    stop: (input = {}) => update((updateId) => handle.executeUpdate(messages.stopUpdate, { args: [input], updateId })),
    rebuild: (input = {}) => update((updateId) => handle.executeUpdate(messages.rebuildUpdate, { args: [input], updateId })),
    cancelBuild: (input = {}) =>
      update((updateId) => handle.executeUpdate(messages.cancelBuildUpdate, { args: [input], updateId })),
    restore: (input = {}) => update((updateId) => handle.executeUpdate(messages.restoreUpdate, { args: [input], updateId })),
    delete: (input = {}) => update((updateId) => handle.executeUpdate(messages.deleteUpdate, { args: [input], updateId })),
    configure: (input) => update((updateId) => handle.executeUpdate(messages.configureUpdate, { args: [input], updateId })),
    pendingStep: () => request(async () => pendingStep((await handle.describe()).raw)),
    waitForBuild: (number, options = {}) => request(() => waitForBuild({ client, workflowId, handle: self, number, options })),
  };
  return self;
}
