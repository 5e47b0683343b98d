/** Lists the workspaces that a campaign is about. */
import { Context } from '@temporalio/activity';
import { type Client, isGrpcServiceError } from '@temporalio/client';
import { ownerOfWorkflowId, WORKSPACE_WORKFLOW, workspaceOfWorkflowId } from '../../contract/names';
import { IS_OPEN_CLAUSE } from '../../contract/workflow-status';
import { RuntimeFailure } from '../../runtimes/failure';
import { startHeartbeat } from '../heartbeat';

const INVALID_ARGUMENT = 3;

/** The input of `listCampaign`. */
export interface ListCampaignInput {
  organization: string;
  /** A visibility query; null for all workspaces. */
  where: string | null;
  /** More matches are refused. */
  max: number;
}

/**
 * The open workspaces as `owner/name`. Only candidates: the list lags behind, and a query with brackets of its own may match anything.
 * @throws InvalidRequest for a query that the server refuses, and for too many matches
 */
export async function listCampaign(client: Client, { organization, where, max }: ListCampaignInput): Promise<string[]> {
  const clauses = [`WorkflowType='${WORKSPACE_WORKFLOW}'`, IS_OPEN_CLAUSE, `Organization='${organization}'`];
  if (where !== null) clauses.push(`(${where})`);
  const context = Context.current();
  const workspaces = new Set<string>();
  const endHeartbeat = startHeartbeat(() => context.heartbeat({ waitingFor: `the list; ${workspaces.size} are listed` }));
  try {
    for await (const { workflowId } of client.workflow.list({ query: clauses.join(' AND ') })) {
      context.cancellationSignal.throwIfAborted();
      if (ownerOfWorkflowId(workflowId) !== null) workspaces.add(workspaceOfWorkflowId(workflowId));
      if (workspaces.size > max) throw new RuntimeFailure('InvalidRequest', `where: expected at most ${max} matches, got more`);
    }
  } catch (error) {
    const inner = error instanceof Error && isGrpcServiceError(error.cause) ? error.cause : error;
    if (!isGrpcServiceError(inner) || inner.code !== INVALID_ARGUMENT) throw error;
    throw new RuntimeFailure('InvalidRequest', `where: expected a visibility query, but the server answered: ${inner.details}`, {
      cause: error,
    });
  } finally {
    endHeartbeat();
  }
  return [...workspaces];
}
