/** Asks open workspaces only: a server answers a query to a closed workflow with its last state, as if that held. */
import {
  type Client,
  QueryRejectedError,
  WorkflowClient,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { FINAL_TYPES } from '../../contract/failure-types';
import type { ForceRebuildAnswer, ForceRebuildInput, RequiredInput, WorkspaceFacts } from '../../contract/internal/campaign';
import { forceRebuildUpdate, requiredSignal, statusQuery } from '../../contract/messages';
import { WORKSPACE_WORKFLOW } from '../../contract/names';
import type { StatusView } from '../../contract/payloads';
import { untilAborted } from '../../hooks/until-aborted';

/** How long one workspace that does not answer may delay the others. */
const ANSWER_LIMIT_MS = 15_000;
/** The status, in Temporal's API, of a run that another run followed. */
const CONTINUED_AS_NEW = 6;

/** A workspace of which the server has no open workflow. */
export class WorkspaceEnded extends Error {}
/** The workspace refused the request; a retry changes nothing. */
export class RequestRefused extends Error {}

/** Requests to open workspaces, each within a time limit. */
export function openWorkspaces(client: Client, signal: AbortSignal) {
  const { workflow } = client;
  const options = { ...workflow.options, connection: workflow.connection, queryRejectCondition: 'NOT_OPEN' } as const;
  const queries = new WorkflowClient(options);
  const idOf = (workspace: string) => `${WORKSPACE_WORKFLOW}/${workspace}`;
  const limited = <T>(work: () => Promise<T>): Promise<T> =>
    untilAborted(AbortSignal.any([signal, AbortSignal.timeout(ANSWER_LIMIT_MS)]), () => ended(work));
  return {
    status: (workspace: string): Promise<StatusView> => limited(() => queries.getHandle(idOf(workspace)).query(statusQuery)),
    require: (workspace: string, input: RequiredInput): Promise<void> =>
      limited(() => workflow.getHandle(idOf(workspace)).signal(requiredSignal, input)),
    forceRebuild: (workspace: string, input: ForceRebuildInput): Promise<ForceRebuildAnswer> =>
      limited(() => workflow.getHandle(idOf(workspace)).executeUpdate(forceRebuildUpdate, { args: [input] })),
  };
}

/** What a campaign judges a workspace by. */
export function factsOf({ organization, state, autoOff, build }: StatusView): WorkspaceFacts {
  const { lastAccess } = autoOff;
  return {
    organization,
    state,
    lastAccessAt: lastAccess === null ? null : Date.parse(lastAccess.at),
    isForced: state === 'building' && build?.cause === 'forced-rebuild' && build.endedAt === null,
  };
}

/** The facts of a workspace that has ended. */
export const ENDED: WorkspaceFacts = { organization: '', state: 'ended', lastAccessAt: null, isForced: false };

function isFinal(type: string | null | undefined): boolean {
  return FINAL_TYPES.some((known) => known === type);
}

async function ended<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isClosed = error instanceof QueryRejectedError && error.status !== CONTINUED_AS_NEW;
    if (isClosed || error instanceof WorkflowNotFoundError) throw new WorkspaceEnded('it has ended');
    const cause = error instanceof WorkflowUpdateFailedError ? error.cause : null;
    if (cause instanceof ApplicationFailure && isFinal(cause.type)) throw new RequestRefused(`${cause.type}: ${cause.message}`);
    throw error;
  }
}
