import { type Client, WorkflowNotFoundError } from '@temporalio/client';

/**
 * Whether a thing in the runtime belongs to the workspace on its label. The workflow is asked, never a list of workflows: only one
 * that is closed, not found, or of another id makes it nobody's; `unknown` leaves it alone.
 */
export async function findWorkspace(
  client: Client,
  thing: { id: string; owner: string; name: string },
): Promise<'owner' | 'other' | 'unknown'> {
  try {
    const { status, memo } = await client.workflow.getHandle(`workspace/${thing.owner}/${thing.name}`).describe();
    if (status.name !== 'RUNNING') return 'other';
    // Before its first task a workflow has told nobody its id yet.
    if (typeof memo?.id !== 'string') return 'unknown';
    return memo.id === thing.id ? 'owner' : 'other';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'other';
    throw error;
  }
}
