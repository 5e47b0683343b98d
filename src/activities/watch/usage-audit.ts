/** Corrects the usage records of organizations: workspaces that ended without a report or were reset, and homes that are gone. */
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { MemberView, WorkspaceEndedInput } from '../../contract/internal/payloads';
import { membersQuery, reportUsageSignal } from '../../contract/messages';
import { MEMBERS_WORKFLOW, ORGANIZATION_WORKFLOW, workspaceWorkflowId } from '../../contract/names';
import { mayHavePod } from '../../contract/states';
import { IS_OPEN_CLAUSE } from '../../contract/workflow-status';
import { listHomeIds } from '../../runtimes/home-ids';
import type { Runtime } from '../../runtimes/runtime';
import { findWorkspace } from '../ownership';
import type { LiveWorkspace } from './list-workspaces';
import { signalEnded, signalIfOpen } from './signal';

/** What the audit needs from the watch. */
export interface Audit {
  runtime: Runtime;
  client: Client;
  /** The workspaces listed as open, by workflow id. */
  live: Map<string, LiveWorkspace>;
  /** Runs the work for each item; a failure affects that item only. */
  forEach<T>(items: T[], what: string, work: (item: T) => Promise<void>): Promise<void>;
}

/** A workspace as recorded by an organization or one of its partitions. */
interface Member extends MemberView {
  organization: string;
}

/** The list only finds candidates: the workflow itself decides whether a workspace has ended. */
export async function auditUsage({ runtime, client, live, forEach }: Audit): Promise<void> {
  const suspects: Member[] = [];
  const misjudged: string[] = [];
  await forEach(await listHolders(client), 'usage records of organizations', async (workflowId) => {
    const organization = workflowId.split('/')[1] ?? '';
    const members = await queryMembers(client, workflowId);
    for (const member of members) {
      const workspace = workspaceWorkflowId(member.owner, member.name);
      const listed = live.get(workspace);
      if (listed?.id !== member.id) suspects.push({ ...member, organization });
      else if (listed.state !== '' && mayHavePod(listed.state) !== member.running) misjudged.push(workspace);
    }
  });
  // A workspace that changed this moment reports once more, which does no harm.
  await forEach(misjudged, 'workspaces that are counted wrongly', (workspace) =>
    signalIfOpen(client, workspace, reportUsageSignal.name, {}),
  );
  if (suspects.length === 0) return;
  const homes = await listHomeIds(runtime);
  await forEach(suspects, 'recorded workspaces that are not listed', async (member) => {
    const home = homes?.has(member.id) ?? true;
    if (!member.running && home) return;
    if ((await findWorkspace(client, member)) !== 'other') return;
    const ended: WorkspaceEndedInput = { workspace: workspaceWorkflowId(member.owner, member.name), id: member.id, home };
    await signalEnded(client, member.organization, ended);
  });
}

/** The workflow ids of the organizations and their partitions. */
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
