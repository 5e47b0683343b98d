import type { Client } from '@temporalio/client';
import { IS_OPEN_CLAUSE } from '../contract/workflow-status';
import { requesting } from './failure';

/** A workspace as the list shows it; instants are ISO 8601, null where there is none. */
export interface WorkspaceSummary {
  workspace: string;
  state: string;
  image: string | null;
  build: number | null;
  organization: string;
  autoStartAt: string | null;
  autoOffAt: string | null;
}

/** All workspaces that exist, by name. */
export async function listWorkspaces(
  client: Client,
  filter: { owner?: string; organization?: string; state?: string },
): Promise<WorkspaceSummary[]> {
  const clauses = ["WorkflowType='workspace'", IS_OPEN_CLAUSE];
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
    workspace: workflowId.replace(/^workspace\//, ''),
    state: text('State') ?? 'building',
    image: text('Image'),
    build: typeof build === 'number' ? build : null,
    organization: text('Organization') ?? '',
    autoStartAt: instant('AutoStartAt'),
    autoOffAt: instant('AutoOffAt'),
  };
}

function quote(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
