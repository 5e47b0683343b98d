import type { Client, WorkflowHandle } from '@temporalio/client';
import { policyQuery, setPolicyUpdate, usageQuery, workspaceEndedSignal } from '../contract/messages';
import { organizationWorkflowId, TASK_QUEUE, workspaceWorkflowId } from '../contract/names';
import type { PolicyChange, UsageView } from '../contract/payloads';
import type { Policy } from '../contract/policy';
import { requesting, sendQuery, sendUpdate } from './failure';
import { queryOpenOnly } from './workflow-end';

/** One organization: its policy and what its workspaces use. */
export interface OrganizationHandle {
  name: string;
  /** Starts it with defaults and what is given; rejects with `AlreadyExists` when it is there, `InvalidRequest` when the policy is wrong. */
  create(input?: { policy?: Record<string, unknown>; by?: string }): Promise<Policy>;
  policy(): Promise<Policy & { changes: PolicyChange[] }>;
  /** Of all its workspaces, also where several workflows count them. */
  usage(): Promise<UsageView>;
  setPolicy(change: Record<string, unknown>): Promise<Policy>;
  /** A home that belonged to no workspace was removed, and is not to be counted any more. */
  noteHomePurged(home: { id: string; owner: string; name: string }): Promise<void>;
}

export function organizationHandle(client: Client, name: string): OrganizationHandle {
  const workflowId = organizationWorkflowId(name);
  const thing = `organization ${name}`;
  const handle = client.workflow.getHandle(workflowId);
  // A policy that an organization had is no policy that holds.
  const queries = queryOpenOnly(client).getHandle(workflowId);
  return {
    name,
    create: (input = {}) =>
      requesting(thing, async () => {
        const args = [{ name, ...input }];
        const started = await client.workflow.start('organization', { workflowId, taskQueue: TASK_QUEUE, args });
        const { changes: _, ...policy } = await sendQuery(thing, () => firstPolicy(started));
        return policy;
      }),
    policy: () => sendQuery(thing, () => queries.query(policyQuery)),
    usage: () => readUsage(client, thing, workflowId),
    setPolicy: (change) => sendUpdate(thing, (updateId) => handle.executeUpdate(setPolicyUpdate, { args: [change], updateId })),
    noteHomePurged: ({ id, owner, name: workspace }) =>
      requesting(thing, () =>
        handle.signal(workspaceEndedSignal, { workspace: workspaceWorkflowId(owner, workspace), id, home: false }),
      ),
  };
}

/** The organization's own answer, with those of the workflows that it names. */
async function readUsage(client: Client, thing: string, workflowId: string): Promise<UsageView> {
  const queries = queryOpenOnly(client);
  const ask = (id: string) => sendQuery(thing, () => queries.getHandle(id).query(usageQuery));
  const { owners, more = [] } = await ask(workflowId);
  const parts = await Promise.all(more.map(ask));
  return { owners: Object.assign({}, owners, ...parts.map((part) => part.owners)) as UsageView['owners'] };
}

/** A wrong policy ends the workflow at once; its failure says more than that of the query. */
async function firstPolicy(started: WorkflowHandle): Promise<Policy & { changes: PolicyChange[] }> {
  try {
    return await started.query(policyQuery);
  } catch (error) {
    const { status } = await started.describe();
    if (status.name === 'FAILED') await started.result();
    throw error;
  }
}
