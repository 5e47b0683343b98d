/** Waits for rebuilds of a campaign: one activity for all of them, so that it uses one slot. */
import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { RebuildEnd, SilentBuild } from '../../contract/internal/campaign';
import { WORKSPACE_WORKFLOW } from '../../contract/names';
import type { StatusView } from '../../contract/payloads';
import { DOWN_STATES } from '../../contract/states';
import { startHeartbeat } from '../heartbeat';
import { openWorkspaces, WorkspaceEnded } from './open-workspaces';
import { inLanes, reasonOf } from './requests';

const FIRST_PAUSE_MS = 300;
const MAX_PAUSE_MS = 5_000;
const BACKOFF = 1.3;
/** After the first end, so that ends that are close together come in one answer. */
const LINGER_MS = 200;
/** A workspace that answers nothing for this time counts as unknown. */
const SILENCE_LIMIT_MS = 5 * 60_000;
/** The activity ends after this, and is called again. */
const ROUNDS_MS = 10 * 60_000;

/** The input of `awaitBuilds`. */
export interface AwaitBuildsInput {
  /** `since`: when the workspace stopped answering, in epoch milliseconds; null while it answers. */
  builds: { workspace: string; build: number; since: number | null }[];
}

/** The answer of `awaitBuilds`. */
export interface AwaitBuildsResult {
  ends: RebuildEnd[];
  silent: SilentBuild[];
}

/** Resolves when at least one rebuild has ended. */
export async function awaitBuilds(client: Client, { builds }: AwaitBuildsInput): Promise<AwaitBuildsResult> {
  const context = Context.current();
  const silent = new Map(builds.flatMap(({ workspace, since }) => (since === null ? [] : [[workspace, since] as const])));
  const poll = pollBuild(client, silent);
  const ends: RebuildEnd[] = [];
  let open = builds;
  const endHeartbeat = startHeartbeat(() => context.heartbeat({ waitingFor: `${open.length} rebuilds` }));
  try {
    const endsAt = Date.now() + ROUNDS_MS;
    for (let pauseMs = FIRST_PAUSE_MS; Date.now() < endsAt; pauseMs = Math.min(MAX_PAUSE_MS, pauseMs * BACKOFF)) {
      const isLast = ends.length > 0;
      const found = (await inLanes(open, poll)).filter((end) => end !== null);
      ends.push(...found);
      open = open.filter(({ workspace }) => !ends.some((end) => end.workspace === workspace));
      if (isLast || open.length === 0) break;
      await context.sleep(ends.length > 0 ? LINGER_MS : pauseMs);
    }
  } finally {
    endHeartbeat();
  }
  return { ends, silent: [...silent].map(([workspace, since]) => ({ workspace, since })) };
}

/** Null while the rebuild is under way. */
function pollBuild(client: Client, silent: Map<string, number>) {
  const { cancellationSignal } = Context.current();
  const requests = openWorkspaces(client, cancellationSignal);
  // Between a cancelled build and its replacement a workspace is off for a moment.
  const suspects = new Set<string>();
  return async ({ workspace, build }: { workspace: string; build: number }): Promise<RebuildEnd | null> => {
    try {
      const end = endOf(await requests.status(workspace), build);
      silent.delete(workspace);
      if (end?.end !== 'taken-back') return end && { workspace, ...end };
      if (suspects.has(workspace)) return { workspace, ...end };
      suspects.add(workspace);
      return null;
    } catch (error) {
      cancellationSignal.throwIfAborted();
      if (error instanceof WorkspaceEnded) return { workspace, ...(await endOfEnded(client, workspace)) };
      const since = silent.get(workspace) ?? Date.now();
      silent.set(workspace, since);
      if (Date.now() - since < SILENCE_LIMIT_MS) return null;
      return { workspace, end: 'inconclusive', reason: `it does not answer: ${reasonOf(error)}` };
    }
  };
}

/** Of build `number`, or of the build that took its place; null while it is under way. */
export function endOf({ state, build }: StatusView, number: number): Omit<RebuildEnd, 'workspace'> | null {
  if (build === null || build.number < number) {
    return DOWN_STATES.has(state) ? { end: 'taken-back', reason: 'its rebuild was taken back before it began' } : null;
  }
  if (build.failure) return { end: 'failed', reason: `${build.failure.type}: ${build.failure.message}` };
  if (build.endedAt === null) return null;
  if (!build.steps.some((step) => step.state === 'cancelled')) return { end: 'done', reason: null };
  return DOWN_STATES.has(state) ? { end: 'taken-back', reason: 'a person stopped it during its rebuild' } : null;
}

async function endOfEnded(client: Client, workspace: string): Promise<Omit<RebuildEnd, 'workspace'>> {
  const { status } = await client.workflow.getHandle(`${WORKSPACE_WORKFLOW}/${workspace}`).describe();
  return status.name === 'COMPLETED'
    ? { end: 'gone', reason: 'it was purged during its rebuild' }
    : { end: 'inconclusive', reason: `its workflow was ${status.name.toLowerCase()} during its rebuild` };
}
