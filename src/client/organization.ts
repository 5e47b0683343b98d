import { type Client, type WorkflowHandle, WorkflowNotFoundError } from '@temporalio/client';
import { policyQuery, setPolicyUpdate, usageQuery, workspaceEndedSignal } from '../contract/messages';
import {
  ORGANIZATION_WORKFLOW,
  organizationWorkflowId,
  ownerWorkflowId,
  TASK_QUEUE,
  workspaceWorkflowId,
} from '../contract/names';
import type { OrganizationInput, UsageView } from '../contract/payloads';
import type { Policy, PolicyChange } from '../contract/policy';
import { requesting } from './failure';
import { sendQuery, sendUpdate } from './retry';
import { queryOpenOnly } from './workflow-end';

/**
 * One organization: its policy, and what its workspaces use. Every method rejects with a `RequestFailure`: besides the types named at
 * each, of type `NotFound` where the organization does not exist, `Unavailable` where Temporal or the worker does not answer, and
 * `Failed` for anything else.
 */
export interface OrganizationHandle {
  /** The organization's name. */
  name: string;

  /**
   * Creates the organization with the default policy, changed by the given fields, and answers that policy.
   *
   * @throws `AlreadyExists` where it exists, which is untouched; `InvalidRequest` for a wrong name or a wrong field of the policy.
   *
   * ```ts
   * const { version } = await client.organization('acme').create({ policy: { autoOff: { after: '1h' } }, by: 'ada' });
   * ```
   */
  create(input?: Omit<OrganizationInput, 'name'>): Promise<Policy>;

  /**
   * The policy, with its last 50 changes.
   *
   * ```ts
   * const { autoOff, version } = await client.organization('acme').policy();
   * ```
   */
  policy(): Promise<Policy & { changes: PolicyChange[] }>;

  /**
   * What all workspaces of the organization use, by owner, also where several workflows count them.
   *
   * ```ts
   * const { owners } = await client.organization('acme').usage();
   * ```
   */
  usage(): Promise<UsageView>;

  /**
   * Changes the policy, and answers the new one: objects are merged field by field, lists and `images` replaced. Running workspaces
   * have it within seconds. What `policy` answers may be sent back whole. With `ifVersion` nothing is set unless the policy has that version.
   *
   * @throws `InvalidRequest` for a wrong field, or fields that contradict each other; the message names them. `NotAllowed` where the policy
   * has another version than `ifVersion`.
   *
   * ```ts
   * await client.organization('acme').setPolicy({ autoOff: { userControlled: true }, by: 'ada' });
   * ```
   */
  setPolicy(change: Record<string, unknown>): Promise<Policy>;

  /**
   * Reports that a home without a workspace was removed, so that it is no longer counted. For operators' tools that remove homes
   * themselves; `perennial orphans purge` does it.
   *
   * ```ts
   * await client.organization('acme').noteHomePurged({ id: 'dev-1f2e', owner: 'ada', name: 'dev' });
   * ```
   */
  noteHomePurged(home: { id: string; owner: string; name: string }): Promise<void>;
}

/** A handle of an organization, which need not exist yet. */
export function organizationHandle(client: Client, name: string): OrganizationHandle {
  const workflowId = organizationWorkflowId(name);
  const subject = `organization ${name}`;
  const handle = client.workflow.getHandle(workflowId);
  // The policy of an organization that has ended does not hold.
  const queries = queryOpenOnly(client).getHandle(workflowId);
  return {
    name,
    create: (input = {}) =>
      requesting(subject, async () => {
        const args = [{ name, ...input }];
        const started = await client.workflow.start(ORGANIZATION_WORKFLOW, { workflowId, taskQueue: TASK_QUEUE, args });
        const { changes: _, ...policy } = await sendQuery(subject, () => firstPolicy(started));
        return policy;
      }),
    policy: () => sendQuery(subject, () => queries.query(policyQuery)),
    usage: () => readUsage(client, subject, workflowId),
    setPolicy: (change) => sendUpdate(subject, (updateId) => handle.executeUpdate(setPolicyUpdate, { args: [change], updateId })),
    noteHomePurged: ({ id, owner, name: workspace }) =>
      requesting(subject, async () => {
        const ended = { workspace: workspaceWorkflowId(owner, workspace), id, home: false };
        await handle.signal(workspaceEndedSignal, ended);
        await client.workflow
          .getHandle(ownerWorkflowId(name, owner))
          .signal(workspaceEndedSignal, ended)
          .catch((error: unknown) => {
            if (!(error instanceof WorkflowNotFoundError)) throw error;
          });
      }),
  };
}

/** The organization's own answer, with those of the workflows that it names. */
async function readUsage(client: Client, subject: string, workflowId: string): Promise<UsageView> {
  const queries = queryOpenOnly(client);
  const query = (id: string) => sendQuery(subject, () => queries.getHandle(id).query(usageQuery));
  const { owners, more = [] } = await query(workflowId);
  const parts = await Promise.all(more.map(query));
  return { owners: Object.assign({}, owners, ...parts.map((part) => part.owners)) as UsageView['owners'] };
}

/** A wrong policy fails the workflow in its first task; that failure says more than the query's. */
async function firstPolicy(started: WorkflowHandle): Promise<Policy & { changes: PolicyChange[] }> {
  try {
    return await started.query(policyQuery);
  } catch (error) {
    const { status } = await started.describe();
    if (status.name === 'FAILED') await started.result();
    throw error;
  }
}
