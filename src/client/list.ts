import type { Client } from '@temporalio/client';
import { WORKSPACE_WORKFLOW, workspaceOfWorkflowId } from '../contract/names';
import type { WorkspacePhase } from '../contract/payloads';
import { IS_OPEN_CLAUSE } from '../contract/workflow-status';
import { requesting } from './failure';

/** One workspace in a list, from its search attributes. Instants are ISO 8601 in UTC. */
export interface WorkspaceSummary {
  /** `owner/name`. */
  workspace: string;
  /** The state; `building` before the workspace has set it. */
  state: WorkspacePhase;
  /** The image reference as wanted; null before the workspace has set it. */
  image: string | null;
  /** The number of the newest build; null before the first. */
  build: number | null;
  /** The organization; empty before the workspace has set it. */
  organization: string;
  /** The instant of the next daily start; null: none is planned. */
  autoStartAt: string | null;
  /** The earliest auto-off as last armed; null: none is armed. `status` has the exact one. */
  autoOffAt: string | null;
}

/** Which workspaces a list holds; each field narrows it. */
export interface WorkspaceFilter {
  /** Absent: of every owner. */
  owner?: string;
  /** Absent: of every organization. */
  organization?: string;
  /** Absent: in every state. */
  state?: string;
}

/** All workspaces that exist, by name. */
export async function listWorkspaces(client: Client, filter: WorkspaceFilter): Promise<WorkspaceSummary[]> {
  const clauses = [`WorkflowType='${WORKSPACE_WORKFLOW}'`, IS_OPEN_CLAUSE];
  if (filter.owner) clauses.push(`Owner=${quote(filter.owner)}`);
  if (filter.organization) clauses.push(`Organization=${quote(filter.organization)}`);
  if (filter.state) clauses.push(`State=${quote(filter.state)}`);
  return requesting('the list of workspaces', async () => {
    const list: WorkspaceSummary[] = [];
    for await (const { workflowId, searchAttributes } of client.workflow.list({ query: clauses.join(' AND ') })) {
      list.push(summarize(workflowId, searchAttributes as Record<string, unknown[] | undefined>));
    }
    return list.sort((a, b) => a.workspace.localeCompare(b.workspace));
  });
}

function summarize(workflowId: string, attributes: Record<string, unknown[] | undefined>): WorkspaceSummary {
  const text = (name: string) => (typeof attributes[name]?.[0] === 'string' ? (attributes[name][0] as string) : null);
  const instant = (name: string) => (attributes[name]?.[0] instanceof Date ? (attributes[name][0] as Date).toISOString() : null);
  const build = attributes.Build?.[0];
  return {
    workspace: workspaceOfWorkflowId(workflowId),
    state: (text('State') ?? 'building') as WorkspacePhase,
    image: text('Image'),
    build: typeof build === 'number' ? build : null,
    organization: text('Organization') ?? '',
    autoStartAt: instant('AutoStartAt'),
    autoOffAt: instant('AutoOffAt'),
  };
}

/** A literal of a visibility query. */
function quote(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
