import { type Client, WorkflowNotFoundError } from '@temporalio/client';

/** Signals a workflow, unless it has ended. */
export async function signalIfOpen(client: Client, workflowId: string, name: string, input: object): Promise<void> {
  try {
    await client.workflow.getHandle(workflowId).signal(name, input);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}
