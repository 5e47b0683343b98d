import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { WorkspaceEndedInput } from '../../contract/internal/payloads';
import { workspaceEndedSignal } from '../../contract/messages';
import { organizationWorkflowId, ownerOfWorkflowId, ownerWorkflowId } from '../../contract/names';

/** Signals a workflow, unless it has ended. */
export async function signalIfOpen(client: Client, workflowId: string, name: string, input: object): Promise<void> {
  try {
    await client.workflow.getHandle(workflowId).signal(name, input);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}

/** Reports the end of a workspace to its organization, and to its owner. */
export async function signalEnded(client: Client, organization: string, ended: WorkspaceEndedInput): Promise<void> {
  await signalIfOpen(client, organizationWorkflowId(organization), workspaceEndedSignal.name, ended);
  const owner = ownerOfWorkflowId(ended.workspace);
  if (owner !== null) await signalIfOpen(client, ownerWorkflowId(organization, owner), workspaceEndedSignal.name, ended);
}
