/** Workflows that have ended: how they ended, and queries that they do not answer with an old state. */
import { type Client, QueryRejectedError, WorkflowClient, WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import { ApplicationFailure, TerminatedFailure } from '@temporalio/common';
import { isClosed } from '../contract/workflow-status';
import { RequestFailure } from './failure';

/** A client whose queries only open workflows answer. By default a server replays a closed one and answers its last state. */
export function queryOpenOnly({ workflow }: Client): WorkflowClient {
  return new WorkflowClient({ ...workflow.options, connection: workflow.connection, queryRejectCondition: 'NOT_OPEN' });
}

/** The workflow of a request that failed. */
interface FailedRequest {
  client: Client;
  workflowId: string;
  /** What the request was about, as the beginning of a sentence. */
  subject: string;
  failure: unknown;
}

/**
 * The failure of a request, where its workflow is not open as `NotFound` with a sentence that says how it ended. Every other failure
 * is returned as it is.
 */
export async function explainEnd({ client, workflowId, subject, failure }: FailedRequest): Promise<unknown> {
  const cause = failure instanceof RequestFailure ? failure.cause : failure;
  if (!(cause instanceof WorkflowNotFoundError || cause instanceof QueryRejectedError)) return failure;
  try {
    const { status, closeTime } = await client.workflow.getHandle(workflowId).describe();
    if (!isClosed(status)) return notAnswering(subject, status.name, cause);
    return await endOf({ client, workflowId, subject, at: closeTime });
  } catch (error) {
    return error instanceof WorkflowNotFoundError
      ? new RequestFailure('NotFound', `${subject} does not exist`, { cause })
      : failure;
  }
}

/** A workflow that is closed, and when it closed. */
interface ClosedWorkflow extends Omit<FailedRequest, 'failure'> {
  at: Date | undefined;
}

/** How a closed workflow ended, as the failure of every request to it. */
export async function endOf({ client, workflowId, subject, at }: ClosedWorkflow): Promise<RequestFailure> {
  const when = at ? ` at ${at.toISOString()}` : '';
  try {
    await client.workflow.getHandle(workflowId).result();
    return new RequestFailure('NotFound', `${subject} was purged${when}; nothing of it is left`);
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { cause } = error;
    const sentence =
      cause instanceof ApplicationFailure
        ? `the creation of ${subject} failed${when}: ${cause.type ?? 'Failed'}: ${cause.message}`
        : `${subject} ${cause instanceof TerminatedFailure ? 'was terminated' : 'ended'}${when}${reason(cause)}; a home that it had is kept`;
    return new RequestFailure('NotFound', sentence, { cause: error });
  }
}

/** Formats the reason in brackets. It is empty where the message is the server's default, which gives no reason. */
function reason(cause: Error | undefined): string {
  return cause?.message && !/^Workflow execution/.test(cause.message) ? ` (${cause.message})` : '';
}

/** A paused workflow answers no queries. */
function notAnswering(subject: string, status: string, cause: Error): RequestFailure {
  return new RequestFailure('Unavailable', `${subject} does not answer: its workflow is ${status.toLowerCase()}`, { cause });
}
