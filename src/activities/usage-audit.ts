/** Puts right what organizations count: of workspaces that have ended without a report, and of homes that are gone. */

import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { MemberView, WorkspaceEndedInput } from '../contract/internal-payloads';
import { membersQuery, workspaceEndedSignal } from '../contract/messages';
import { MEMBERS_WORKFLOW, ORGANIZATION_WORKFLOW, organizationWorkflowId, workspaceWorkflowId } from '../contract/names';
import { IS_OPEN_CLAUSE } from '../contract/workflow-status';
import type { Runtime } from '../runtimes/runtime';
import { findWorkspace } from './ownership';

export interface Audit {
  runtime: Runtime;
  client: Client;
  /** The ids of the workspaces that are listed as open, by workflow id; null for one that has told none yet. */
  live: Map<string, { id: string | null }>;
  /** Does the work for each, each by itself. */
  forEach<T>(things: T[], what: string, work: (thing: T) => Promise<void>): Promise<void>;
}

/** As an organization or one of its parts counts it. */
interface Member extends MemberView {
  organization: string;
}

/** The list only finds candidates: before anything is taken for ended, the workflow itself is asked. */
export async function auditUsage({ runtime, client, live, forEach }: Audit): Promise<void> {
  const suspects: Member[] = [];
  await forEach(await listHolders(client), 'what organizations count', async (workflowId) => {
    const organization = workflowId.split('/')[1] ?? '';
    const members = await queryMembers(client, workflowId);
    const unknown = members.filter(({ owner, name, id }) => live.get(workspaceWorkflowId(owner, name))?.id !== id);
    suspects.push(...unknown.map((member) => ({ ...member, organization })));
  });
  if (suspects.length === 0) return;
  const homes = await listHomes(runtime);
  await forEach(suspects, 'workspaces that are counted and not there', async (member) => {
    const home = homes?.has(member.id) ?? true;
    if (!member.running && home) return;
    if ((await findWorkspace(client, member)) !== 'other') return;
    const ended: WorkspaceEndedInput = { workspace: workspaceWorkflowId(member.owner, member.name), id: member.id, home };
    await client.workflow.getHandle(organizationWorkflowId(member.organization)).signal(workspaceEndedSignal, ended);
  });
}

/** The organizations and their parts. */
async function listHolders(client: Client): Promise<string[]> {
  const query = `WorkflowType IN ('${ORGANIZATION_WORKFLOW}', '${MEMBERS_WORKFLOW}') AND ${IS_OPEN_CLAUSE}`;
  const ids: string[] = [];
  for await (const { workflowId } of client.workflow.list({ query })) ids.push(workflowId);
  return ids;
}

async function queryMembers(client: Client, workflowId: string): Promise<MemberView[]> {
  try {
    return await client.workflow.getHandle(workflowId).query(membersQuery);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return [];
    throw error;
  }
}

/** Null where not everywhere could be looked. */
async function listHomes(runtime: Runtime): Promise<Set<string> | null> {
  let isWhole = true;
  const homes = await runtime.listHomes(() => {
    isWhole = false;
  });
  return isWhole ? new Set(homes.map(({ id }) => id)) : null;
}
