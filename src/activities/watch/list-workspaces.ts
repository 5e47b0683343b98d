import { WORKSPACE_WORKFLOW } from '../../contract/names';
import { IS_OPEN_CLAUSE } from '../../contract/workflow-status';
import type { Round } from './round';

/** Workspaces between two reports of progress. */
const PROGRESS_EVERY = 100;

/** A workspace as visibility lists it, which lags behind the workflow. */
export interface LiveWorkspace {
  /** Null before its first task. */
  id: string | null;
  organization: string;
  state: string;
  build: number;
}

/** The open workspaces by workflow id. */
export async function listWorkspaces({ client, progress }: Round): Promise<Map<string, LiveWorkspace>> {
  const workspaces = new Map<string, LiveWorkspace>();
  const query = `WorkflowType='${WORKSPACE_WORKFLOW}' AND ${IS_OPEN_CLAUSE}`;
  for await (const { workflowId, memo, searchAttributes } of client.workflow.list({ query })) {
    const first = <T>(name: string, absent: T): T => (searchAttributes[name] as T[] | undefined)?.[0] ?? absent;
    const id = typeof memo?.id === 'string' ? memo.id : null;
    if (workspaces.size % PROGRESS_EVERY === 0) progress(`the list of workspaces; ${workspaces.size} are listed`);
    const organization = first('Organization', '');
    workspaces.set(workflowId, { id, organization, state: first('State', ''), build: first('Build', 0) });
  }
  return workspaces;
}
