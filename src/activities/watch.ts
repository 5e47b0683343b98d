/**
 * The watch: compares what runs with what should, tells the workspaces, and removes what belongs to none. It knows nothing from one
 * activity to the next, so a lost one costs nothing but time. Unreachable is not gone, and unlisted is not ended.
 */
import { Context } from '@temporalio/activity';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { ListedPod, Runtime } from '../runtimes/runtime';
import { translated } from './failure';
import type { Dependencies } from './index';
import { findWorkspace } from './ownership';

/** A watch ends by itself after this, so that its workflow can hand over. */
const WATCH_MS = 10 * 60_000;
/** In every so many rounds the workspaces themselves are listed, and pods looked for whose workspace has ended. */
const FULL_ROUND_EVERY = 30;

/** `build`: the build whose pod was seen; `found`: the newest build the runtime has seen, when it is newer than the workspace's own. */
export interface PodLostInput {
  build: number;
  reason: string;
  counted: boolean;
  found?: number;
}

export function watchActivities({ runtime, client, watchIntervalMs }: Dependencies) {
  return {
    watch: (_input: { runtime: string }): Promise<void> => translated(() => watchFor({ runtime, client, watchIntervalMs })),
  };
}

async function watchFor({ runtime, client, watchIntervalMs }: Dependencies): Promise<void> {
  const context = Context.current();
  const round: Round = { runtime, client, told: new Set(), suspects: new Set() };
  const endsAt = Date.now() + WATCH_MS;
  let fullAt = 0;
  while (Date.now() < endsAt && !context.cancellationSignal.aborted) {
    const pods = await runtime.listPods();
    await tellLosses(round, pods);
    if (Date.now() >= fullAt) {
      fullAt = Date.now() + FULL_ROUND_EVERY * watchIntervalMs;
      await compareFully(round, pods);
    }
    context.heartbeat({ waitingFor: `the next round; ${pods.length} pods there` });
    await context.sleep(watchIntervalMs);
  }
}

interface Round {
  runtime: Runtime;
  client: Client;
  /** Losses told already, so that each is told once by this activity. */
  told: Set<string>;
  /** What looked wrong in the last full round: a list of workflows lags behind, so only what looks wrong twice is acted on. */
  suspects: Set<string>;
}

async function tellLosses(round: Round, pods: ListedPod[]): Promise<void> {
  for (const pod of pods) {
    if (pod.running) continue;
    const { instance, build, counted } = pod;
    // By its instance, since a build that was given another pod may lose that one too.
    await tell(round, pod, { build, reason: pod.reason ?? 'the pod ended', counted }, `${instance} lost`);
  }
}

/** Both ways: running workspaces whose pod does not run, and pods without a workspace, or of a build that theirs does not know. */
async function compareFully(round: Round, pods: ListedPod[]): Promise<void> {
  const seen = new Set<string>();
  const isSecondTime = (suspect: string) => {
    seen.add(suspect);
    return round.suspects.has(suspect);
  };
  const live = await listWorkspaces(round.client);
  for (const pod of pods) {
    const known = live.get(`workspace/${pod.owner}/${pod.name}`);
    if (!known) await removeOrphan(round, pod);
    else if (known.build < pod.build && isSecondTime(`${pod.id} ${pod.build} newer`)) {
      const lost = { build: known.build, found: pod.build, reason: `build ${pod.build} runs`, counted: false };
      await tell(round, pod, lost, `${pod.id} ${pod.build} newer`);
    }
  }
  for (const [workflowId, { id, organization, state, build }] of live) {
    // One that is listed and does not run was told before, perhaps while the workspace, still building, could not heed it.
    if (state !== 'running' || !id || pods.some((pod) => pod.id === id && pod.running)) continue;
    if (!isSecondTime(`${id} ${build} missing`)) continue;
    const observed = await round.runtime.observe({ id, organization, build });
    if (observed.state === 'running') continue;
    await signalLoss(round.client, workflowId, { build, reason: observed.reason, counted: observed.counted });
  }
  round.suspects = seen;
}

/** The pods stay listed until their workspace removes them, which is soon. */
async function removeOrphan({ runtime, client }: Round, pod: ListedPod): Promise<void> {
  if ((await findWorkspace(client, pod)) !== 'other') return;
  const signal = Context.current().cancellationSignal;
  await runtime.stopPod(pod, { signal, waitingFor: () => undefined });
}

async function tell(round: Round, pod: ListedPod, lost: PodLostInput, once: string): Promise<void> {
  if (round.told.has(once)) return;
  if ((await findWorkspace(round.client, pod)) !== 'owner') return;
  await signalLoss(round.client, `workspace/${pod.owner}/${pod.name}`, lost);
  round.told.add(once);
}

async function signalLoss(client: Client, workflowId: string, lost: PodLostInput): Promise<void> {
  try {
    await client.workflow.getHandle(workflowId).signal('podLost', lost);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}

interface LiveWorkspace {
  id: string | null;
  organization: string;
  state: string;
  build: number;
}

async function listWorkspaces(client: Client): Promise<Map<string, LiveWorkspace>> {
  const workspaces = new Map<string, LiveWorkspace>();
  const query = "WorkflowType='workspace' AND ExecutionStatus='Running'";
  for await (const { workflowId, memo, searchAttributes } of client.workflow.list({ query })) {
    const first = <T>(name: string, absent: T): T => (searchAttributes[name] as T[] | undefined)?.[0] ?? absent;
    const id = typeof memo?.id === 'string' ? memo.id : null;
    const organization = first('Organization', '');
    workspaces.set(workflowId, { id, organization, state: first('State', ''), build: first('Build', 0) });
  }
  return workspaces;
}
