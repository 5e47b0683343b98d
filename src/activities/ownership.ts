import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { statusQuery } from '../contract/messages';
import { workspaceWorkflowId } from '../contract/names';
import { DOWN_STATES } from '../contract/payloads';
import { isClosed } from '../contract/workflow-status';

/**
 * Whether a thing in the runtime belongs to the workspace on its label. The workflow is asked, never a list of workflows: only one
 * that is closed, not found, or of another id makes it nobody's; `unknown` leaves it alone.
 */
export async function findWorkspace(
  client: Client,
  thing: { id: string; owner: string; name: string },
): Promise<'owner' | 'other' | 'unknown'> {
  try {
    const { status, memo } = await client.workflow.getHandle(workspaceWorkflowId(thing.owner, thing.name)).describe();
    if (isClosed(status)) return 'other';
    // Before its first task a workflow has told nobody its id yet.
    if (typeof memo?.id !== 'string') return 'unknown';
    return memo.id === thing.id ? 'owner' : 'other';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'other';
    throw error;
  }
}

/**
 * Whether a pod's own workspace says that it is down, with no build under way, and that it knows this pod's build. The workflow
 * itself is asked, never a list of workflows; it rejects when there is no answer.
 */
export async function isDownAfter(
  client: Client,
  pod: { id: string; owner: string; name: string; build: number },
): Promise<boolean> {
  if ((await findWorkspace(client, pod)) !== 'owner') return false;
  const { id, state, build } = await client.workflow.getHandle(workspaceWorkflowId(pod.owner, pod.name)).query(statusQuery);
  return id === pod.id && DOWN_STATES.has(state) && typeof build?.endedAt === 'string' && build.number >= pod.build;
}
