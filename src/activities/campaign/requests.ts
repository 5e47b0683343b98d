/** Requests of a campaign to many workspaces at once. A workspace that does not answer delays no other, and is reported. */
import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import pMap from 'p-map';
import type { CampaignReply, CampaignRequest, RequiredInput, WorkspaceFacts } from '../../contract/internal/campaign';
import { cutText, LINE_LIMIT } from '../../contract/text-limit';
import { startHeartbeat } from '../heartbeat';
import { ENDED, factsOf, openWorkspaces, RequestRefused, WorkspaceEnded } from './open-workspaces';

/** Workspaces asked at once: a bounded load on the server and the workers. */
const CONCURRENCY = 10;

/** The input of `requireRebuilds`. */
export interface RequireRebuildsInput {
  request: CampaignRequest;
  kind: RequiredInput['kind'];
  /** The organization whose workspaces may be marked. */
  organization: string;
  /** `rebuildAt` in epoch milliseconds; null unless announced. */
  targets: { workspace: string; rebuildAt: number | null }[];
  /** When announcements that are not repeated end, in epoch milliseconds; absent for the other kinds. */
  endsAt?: number;
}

/** The input of `forceRebuilds`. */
export interface ForceRebuildsInput {
  request: CampaignRequest;
  organization: string;
  /** `waitsUntil` in epoch milliseconds; null where the campaign has not begun to wait. */
  targets: { workspace: string; waitsUntil: number | null }[];
}

/** Reads what a campaign judges workspaces by. */
export function observeWorkspaces(client: Client, workspaces: string[]): Promise<CampaignReply[]> {
  const open = openWorkspaces(client, Context.current().cancellationSignal);
  return eachReplies(workspaces, async (workspace) => ({
    workspace,
    kind: 'facts',
    facts: factsOf(await open.status(workspace)),
  }));
}

/** Marks workspaces that do not run, announces rebuilds, or takes announcements back. */
export function requireRebuilds(client: Client, input: RequireRebuildsInput): Promise<CampaignReply[]> {
  const { request, kind, organization, targets, endsAt } = input;
  const open = openWorkspaces(client, Context.current().cancellationSignal);
  const moments = new Map(targets.map(({ workspace, rebuildAt }) => [workspace, rebuildAt]));
  return eachReplies([...moments.keys()], async (workspace) => {
    const facts = kind === 'mark' ? factsOf(await open.status(workspace)) : null;
    if (facts !== null && !isDown(facts, organization)) return { workspace, kind: 'facts', facts };
    await open.require(workspace, {
      ...request,
      kind,
      rebuildAt: moments.get(workspace) ?? null,
      ...(endsAt !== undefined && { endsAt }),
    });
    return { workspace, kind: 'sent' };
  });
}

/** Rebuilds the workspaces that may be rebuilt now. Safe twice: a workspace knows which campaigns it served. */
export function forceRebuilds(client: Client, { request, organization, targets }: ForceRebuildsInput): Promise<CampaignReply[]> {
  const open = openWorkspaces(client, Context.current().cancellationSignal);
  const waits = new Map(targets.map(({ workspace, waitsUntil }) => [workspace, waitsUntil]));
  return eachReplies([...waits.keys()], async (workspace) => {
    const input = { ...request, organization, waitsUntil: waits.get(workspace) ?? null };
    const { build, facts } = await open.forceRebuild(workspace, input);
    return build === null ? { workspace, kind: 'facts', facts } : { workspace, kind: 'build', build };
  });
}

/** Does the work for each, some at once, until the activity is cancelled. */
export function inLanes<T, R>(items: T[], work: (item: T) => Promise<R>) {
  return pMap(items, work, { concurrency: CONCURRENCY, signal: Context.current().cancellationSignal });
}

/** A reply that cannot be understood counts as none. */
export function reasonOf(error: unknown): string {
  return cutText(error instanceof Error ? error.message : String(error), LINE_LIMIT);
}

async function eachReplies(workspaces: string[], ask: (workspace: string) => Promise<CampaignReply>): Promise<CampaignReply[]> {
  const context = Context.current();
  let asked = 0;
  const endHeartbeat = startHeartbeat(() => context.heartbeat({ waitingFor: `${workspaces.length - asked} workspaces` }));
  try {
    return await inLanes(workspaces, async (workspace): Promise<CampaignReply> => {
      try {
        return await ask(workspace);
      } catch (error) {
        context.cancellationSignal.throwIfAborted();
        if (error instanceof WorkspaceEnded) return { workspace, kind: 'facts', facts: ENDED };
        return { workspace, kind: error instanceof RequestRefused ? 'refused' : 'unanswered', reason: reasonOf(error) };
      } finally {
        asked += 1;
      }
    });
  } finally {
    endHeartbeat();
  }
}

/** A workspace that was started since it was judged is judged again. */
function isDown(facts: WorkspaceFacts, organization: string): boolean {
  return facts.state !== 'running' && facts.state !== 'ended' && facts.organization === organization;
}
