/** What Temporal itself knows of a workspace, without a worker: what access is decided by. */
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { toRequestFailure } from '../../client';
import { workspaceWorkflowId } from '../../contract/names';
import { isClosed } from '../../contract/workflow-status';

/** A workspace as of its last workflow task. */
export interface FoundWorkspace {
  /** The id of its home; null before its first task. */
  id: string | null;
  /** Empty before its first task. */
  organization: string;
  state: string;
  /** The number of the newest build; null before the first. */
  build: number | null;
  /** Whether its workflow has not ended. */
  isOpen: boolean;
}

/** Finds a workspace as of at most `maxAgeMs` ago; null where none of that name is known. */
export type FindWorkspace = (owner: string, name: string, maxAgeMs: number) => Promise<FoundWorkspace | null>;

interface Answer {
  at: number;
  found: FoundWorkspace | null;
}

/** Enough for the workspaces that ping within 30 s, and a bound of the memory. */
const MAX_KEPT = 20_000;

/** Asks Temporal. Only answers to calls that accept an older one are kept, and calls at the same time share one request. */
export function createFindWorkspace(client: Client, now: () => number): FindWorkspace {
  const kept = new Map<string, Promise<Answer>>();
  return async (owner, name, maxAgeMs) => {
    const workflowId = workspaceWorkflowId(owner, name);
    if (maxAgeMs === 0) return describe(client, workflowId);
    const known = await kept.get(workflowId);
    if (known?.found && now() - known.at <= maxAgeMs) return known.found;
    const asked = ask(client, workflowId, now());
    keep(kept, workflowId, asked);
    return (await asked).found;
  };
}

async function ask(client: Client, workflowId: string, at: number): Promise<Answer> {
  return { at, found: await describe(client, workflowId) };
}

function keep(kept: Map<string, Promise<Answer>>, workflowId: string, asked: Promise<Answer>): void {
  kept.delete(workflowId);
  kept.set(workflowId, asked);
  asked.catch(() => kept.get(workflowId) === asked && kept.delete(workflowId));
  const oldest = kept.keys().next().value;
  if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
}

async function describe(client: Client, workflowId: string): Promise<FoundWorkspace | null> {
  try {
    const { status, memo, searchAttributes } = await client.workflow.getHandle(workflowId).describe();
    const { Organization, State, Build } = searchAttributes as Record<string, unknown[] | undefined>;
    return {
      id: typeof memo?.id === 'string' ? memo.id : null,
      organization: String(Organization?.[0] ?? ''),
      state: String(State?.[0] ?? 'building'),
      build: typeof Build?.[0] === 'number' ? Build[0] : null,
      isOpen: !isClosed(status),
    };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw toRequestFailure(error, `workspace ${workflowId.slice(workflowId.indexOf('/') + 1)}`);
  }
}
