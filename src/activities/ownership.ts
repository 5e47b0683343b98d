/** Whether a pod or a home belongs to a live workspace. Visibility lags behind, so the workflow itself decides. */
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { statusQuery } from '../contract/messages';
import { workspaceWorkflowId } from '../contract/names';
import { DOWN_STATES } from '../contract/states';
import { isClosed } from '../contract/workflow-status';

/**
 * Describes the workflow named on the label of a pod or a home. `owner`: it owns the object. `other`: it is closed, not found, or has
 * another id. `unknown` proves nothing, and the object stays.
 */
export async function findWorkspace(
  client: Client,
  labelled: { id: string; owner: string; name: string },
): Promise<'owner' | 'other' | 'unknown'> {
  try {
    const { status, memo } = await client.workflow.getHandle(workspaceWorkflowId(labelled.owner, labelled.name)).describe();
    if (isClosed(status)) return 'other';
    // A workflow has no id in its memo before its first task.
    if (typeof memo?.id !== 'string') return 'unknown';
    return memo.id === labelled.id ? 'owner' : 'other';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'other';
    throw error;
  }
}

/**
 * Whether the pod's own workspace reports that it is down, without a build, and that it knows the pod's build. Rejects when the
 * workflow does not answer.
 */
export async function isDownAfter(
  client: Client,
  pod: { id: string; owner: string; name: string; build: number },
): Promise<boolean> {
  if ((await findWorkspace(client, pod)) !== 'owner') return false;
  const { id, state, build } = await client.workflow.getHandle(workspaceWorkflowId(pod.owner, pod.name)).query(statusQuery);
  return id === pod.id && DOWN_STATES.has(state) && typeof build?.endedAt === 'string' && build.number >= pod.build;
}
