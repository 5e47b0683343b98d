/** Workflows that have ended: how one ended, and queries that none of them answers as if it went on. */
import { type Client, QueryRejectedError, WorkflowClient, WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import { ApplicationFailure, TerminatedFailure } from '@temporalio/common';
import { isClosed } from '../contract/workflow-status';
import { RequestFailure } from './failure';

/** A client whose queries are rejected by a workflow that is not open. Of itself a server replays it and answers its last state. */
export function queryOpenOnly({ workflow }: Client): WorkflowClient {
  return new WorkflowClient({ ...workflow.options, connection: workflow.connection, queryRejectCondition: 'NOT_OPEN' });
}

/**
 * A failed request once more, where it failed because its workflow is not open: as `NotFound`, with a sentence that says how it ended.
 * Every other failure is answered as it is.
 */
export async function explainEnd(given: {
  client: Client;
  workflowId: string;
  thing: string;
  failure: unknown;
}): Promise<unknown> {
  const { client, workflowId, thing, failure } = given;
  const cause = failure instanceof RequestFailure ? failure.cause : failure;
  if (!(cause instanceof WorkflowNotFoundError || cause instanceof QueryRejectedError)) return failure;
  try {
    const { status, closeTime } = await client.workflow.getHandle(workflowId).describe();
    if (!isClosed(status)) return notOpen(thing, status.name, cause);
    return await endOf({ client, workflowId, thing, at: closeTime });
  } catch (error) {
    return error instanceof WorkflowNotFoundError
      ? new RequestFailure('NotFound', `${thing} does not exist`, { cause })
      : failure;
  }
}

/** How a closed workflow ended, as the refusal of whatever is asked of it. */
export async function endOf(given: {
  client: Client;
  workflowId: string;
  thing: string;
  at: Date | undefined;
}): Promise<RequestFailure> {
  const { client, workflowId, thing, at } = given;
  const when = at ? ` at ${at.toISOString()}` : '';
  try {
    await client.workflow.getHandle(workflowId).result();
    return new RequestFailure('NotFound', `${thing} was purged${when}; nothing of it is left`);
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { cause } = error;
    const sentence =
      cause instanceof ApplicationFailure
        ? `the creation of ${thing} failed${when}: ${cause.type ?? 'Failed'}: ${cause.message}`
        : `${thing} ${cause instanceof TerminatedFailure ? 'was terminated' : 'ended'}${when}${reason(cause)}; a home that it had is kept`;
    return new RequestFailure('NotFound', sentence, { cause: error });
  }
}

/** The server's own sentence where nobody gave a reason. */
function reason(cause: Error | undefined): string {
  return cause?.message && !/^Workflow execution/.test(cause.message) ? ` (${cause.message})` : '';
}

/** A paused workflow answers no queries. */
function notOpen(thing: string, status: string, cause: Error): RequestFailure {
  return new RequestFailure('Unavailable', `${thing} does not answer: its workflow is ${status.toLowerCase()}`, { cause });
}
