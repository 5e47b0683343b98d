import type { Client } from '@temporalio/client';
import * as messages from '../contract/messages';
import { TASK_QUEUE, WORKSPACE_WORKFLOW, workspaceWorkflowId } from '../contract/names';
import type { CreateInput } from '../contract/payloads';
import { waitForBuild } from './build-wait';
import { requesting } from './failure';
import { pendingStep } from './pending-step';
import { sendQuery, sendUpdate } from './retry';
import { explainEnd, queryOpenOnly } from './workflow-end';
import type { WorkspaceHandle } from './workspace-handle';

/** Starts the workflow of a new workspace; see `PerennialClient.create`. */
export async function createWorkspace(client: Client, input: CreateInput): Promise<WorkspaceHandle> {
  const workflowId = workspaceWorkflowId(input.owner, input.name);
  await requesting(`workspace ${input.owner}/${input.name}`, () =>
    client.workflow.start(WORKSPACE_WORKFLOW, {
      workflowId,
      taskQueue: TASK_QUEUE,
      args: [input],
      workflowIdConflictPolicy: 'FAIL',
    }),
  );
  return workspaceHandle(client, input.owner, input.name);
}

/** A handle of a workspace, which need not exist yet. */
export function workspaceHandle(client: Client, owner: string, name: string): WorkspaceHandle {
  const workspace = `${owner}/${name}`;
  const handle = client.workflow.getHandle(workspaceWorkflowId(owner, name));
  const { workflowId } = handle;
  const queries = queryOpenOnly(client).getHandle(workflowId);
  const subject = `workspace ${workspace}`;
  const withEnd = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (failure) {
      throw await explainEnd({ client, workflowId, subject, failure });
    }
  };
  const request = <T>(work: () => Promise<T>) => withEnd(requesting(subject, work));
  const query = <T>(work: () => Promise<T>) => withEnd(sendQuery(subject, work));
  const update = <T>(work: (updateId: string) => Promise<T>) => withEnd(sendUpdate(subject, work));
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
