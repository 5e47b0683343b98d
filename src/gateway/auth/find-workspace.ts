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

export interface FindWorkspace {
  /** Finds a workspace as of at most `maxAgeMs` ago; null where none of that name is known. */
  (owner: string, name: string, maxAgeMs: number): Promise<FoundWorkspace | null>;
  /** Asks again where a kept answer would refuse a token of this build, at most once in a second for each build. */
  again(owner: string, name: string, build: number): Promise<FoundWorkspace | null>;
}

interface Answer {
  at: number;
  /** The build whose token an earlier answer would have refused; null where none was asked for again. */
  againFor: number | null;
  asked: Promise<FoundWorkspace | null>;
  /** Whether there is no such workspace; false while it is not known. */
  isMissing: boolean;
}

/** Enough for the workspaces that ping within 30 s, and a bound of the memory. */
const MAX_KEPT = 20_000;
/** A caller that is refused may call in a loop, and each of its calls would ask Temporal. */
const REFUSAL_MAX_AGE_MS = 1_000;

/** Asks Temporal. Only answers to calls that accept an older one are kept, and calls at the same time share one request. */
export function createFindWorkspace(client: Client, now: () => number): FindWorkspace {
  const kept = new Map<string, Answer>();

  const ask = (workflowId: string, againFor: number | null): Promise<FoundWorkspace | null> => {
    const asked = describe(client, workflowId);
    keep(kept, workflowId, { at: now(), againFor, asked, isMissing: false });
    return asked;
  };

  const find = async (owner: string, name: string, maxAgeMs: number) => {
    const workflowId = workspaceWorkflowId(owner, name);
    if (maxAgeMs === 0) return describe(client, workflowId);
    const known = kept.get(workflowId);
    const reusedMs = known?.isMissing ? REFUSAL_MAX_AGE_MS : maxAgeMs;
    return known && now() - known.at <= reusedMs ? known.asked : ask(workflowId, null);
  };

  const again = async (owner: string, name: string, build: number) => {
    const workflowId = workspaceWorkflowId(owner, name);
    const known = kept.get(workflowId);
    const isReused = known && (known.againFor === build || known.isMissing) && now() - known.at <= REFUSAL_MAX_AGE_MS;
    return isReused ? known.asked : ask(workflowId, build);
  };

  return Object.assign(find, { again });
}

function keep(kept: Map<string, Answer>, workflowId: string, answer: Answer): void {
  kept.delete(workflowId);
  kept.set(workflowId, answer);
  answer.asked.then(
    (found) => {
      answer.isMissing = found === null;
    },
    () => kept.get(workflowId) === answer && kept.delete(workflowId),
  );
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
