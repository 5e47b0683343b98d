/**
 * The watch: compares what runs with what should, tells the workspaces, and removes what belongs to none. What it suspects goes from
 * one attempt to the next with its heartbeats; nothing else does, so a lost attempt costs nothing but time. Unreachable is not gone,
 * and unlisted is not ended.
 */

import { Context } from '@temporalio/activity';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { PodLostInput, WorkspaceEndedInput } from '../contract/internal-payloads';
import { podLostSignal, workspaceEndedSignal } from '../contract/messages';
import { organizationWorkflowId, WORKSPACE_WORKFLOW, workspaceWorkflowId } from '../contract/names';
import { DOWN_STATES } from '../contract/payloads';
import { cutText, MESSAGE_LIMIT } from '../contract/text-limit';
import { IS_OPEN_CLAUSE } from '../contract/workflow-status';
import { untilAborted } from '../hooks/until-aborted';
import type { ListedPod, Runtime } from '../runtimes/runtime';
import type { Dependencies } from './dependencies';
import { toApplicationFailure } from './failure';
import { findWorkspace, isDownAfter } from './ownership';
import { auditUsage } from './usage-audit';
import { startWatchHeartbeat } from './watch-heartbeat';

/** A watch ends by itself after this, so that its workflow can hand over. */
const WATCH_MS = 10 * 60_000;
/** So often the workspaces themselves are listed, and pods looked for whose workspace has ended; never more often than the rounds. */
const FULL_INTERVAL_MS = 30_000;
/** Many are told within the time of one heartbeat, and neither the server nor the cluster is asked by all at once. */
const AT_ONCE = 20;
/** Half of the heartbeat's timeout: what takes longer, a pod that does not end among it, is looked at again in a later round. */
const PATIENCE_MS = 5_000;
const LISTED_PER_BEAT = 100;
/** What organizations count is asked for more rarely, since all of it comes at once: every 10 minutes. */
const FULL_ROUNDS_PER_AUDIT = 20;

export function watchActivities(dependencies: Dependencies) {
  return {
    watch: (_input: { runtime: string }): Promise<void> => retried(() => watchFor(dependencies)),
  };
}

/** No failure of the watch is final: its workflow would only begin it anew, and without a pause. */
async function retried(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { type, message, details } = toApplicationFailure(error);
    throw ApplicationFailure.create({ type: type ?? 'RuntimeUnavailable', message, details: details ?? [] });
  }
}

async function watchFor({
  runtime,
  client,
  watchIntervalMs,
  watchFullIntervalMs = FULL_INTERVAL_MS,
}: Dependencies): Promise<void> {
  const context = Context.current();
  const { known, say, note, end } = startWatchHeartbeat(watchIntervalMs);
  const round: Round = { runtime, client, told: new Set(), suspects: new Set(known.suspects), unknown: new Map(), say };
  const endsAt = Date.now() + WATCH_MS;
  let fullRounds = 0;
  try {
    while (Date.now() < endsAt && !context.cancellationSignal.aborted) {
      round.unknown.clear();
      const passOver = (organization: string, why: string) => void round.unknown.set(organization, why);
      const pods = await untilAborted(context.cancellationSignal, () => runtime.listPods(passOver));
      await tellLosses(round, pods);
      const now = Date.now();
      // Another worker's clock may go before this one's.
      if (Math.abs(now - known.comparedAt) >= watchFullIntervalMs) {
        const live = await compareFully(round, pods);
        if (fullRounds % FULL_ROUNDS_PER_AUDIT === 0) await audit(round, live);
        fullRounds += 1;
        note({ suspects: round.suspects, comparedAt: now });
      }
      say(`the next round; ${pods.length} pods there`);
      await context.sleep(watchIntervalMs);
    }
  } finally {
    end();
  }
}

interface Round {
  runtime: Runtime;
  client: Client;
  /** Losses told already, so that each is told once by this attempt. */
  told: Set<string>;
  /** What looked wrong in the last full round: a list of workflows lags behind, so only what looks wrong twice is acted on. */
  suspects: Set<string>;
  /** Organizations whose pods are not known for certain, and why: what is not listed of them is not missed. */
  unknown: Map<string, string>;
  /** Says what is waited for, as a sign of life. */
  say(waitingFor: string): void;
}

async function tellLosses(round: Round, pods: ListedPod[]): Promise<void> {
  const lost = pods.filter(({ running }) => !running);
  await forEach({ round, things: lost, what: 'losses to tell' }, async (pod) => {
    const { instance, build, counted } = pod;
    // By its instance, since a build that was given another pod may lose that one too.
    await tell(round, pod, { build, reason: pod.reason ?? 'the pod ended', counted }, `${instance} lost`);
  });
}

/** Both ways: running workspaces whose pod does not run, and pods without a workspace, or of a build that theirs does not know. */
async function compareFully(round: Round, pods: ListedPod[]): Promise<Map<string, LiveWorkspace>> {
  const seen = new Set<string>();
  const isSecondTime = (suspect: string) => {
    seen.add(suspect);
    return round.suspects.has(suspect);
  };
  const live = await listWorkspaces(round);
  const strange = pods
    .map((pod) => ({ pod, known: live.get(workspaceWorkflowId(pod.owner, pod.name)) }))
    .filter(({ pod, known }) => !known || isAnother(known, pod) || known.build < pod.build);
  await forEach({ round, things: strange, what: 'pods that fit no workspace' }, async ({ pod, known }, signal) => {
    if (!known || isAnother(known, pod)) return removeOrphan(round, pod, signal);
    if (!isSecondTime(`${pod.id} ${pod.build} newer`)) return;
    const lost = { build: known.build, found: pod.build, reason: `build ${pod.build} runs`, counted: false };
    await tell(round, pod, lost, `${pod.id} ${pod.build} newer`);
  });
  const left = pods.filter((pod) => pod.running && isLeft(live.get(workspaceWorkflowId(pod.owner, pod.name)), pod));
  await forEach({ round, things: left, what: 'pods of workspaces that are down' }, async (pod, signal) => {
    if ((await isDownAfter(round.client, pod)) && isSecondTime(`${pod.instance} left`)) await removeLeft(round, pod, signal);
  });
  // One that is listed and does not run was told before, perhaps while the workspace, still building, could not heed it.
  const running = new Set(pods.filter((pod) => pod.running).map(({ id }) => id));
  const isMissing = ({ id, state, organization }: LiveWorkspace) =>
    state === 'running' && id !== null && !running.has(id) && !round.unknown.has(organization);
  for (const [organization, why] of round.unknown) Context.current().log.warn('pods are not known', { organization, why });
  const missing = [...live].filter(([, workspace]) => isMissing(workspace));
  await forEach({ round, things: missing, what: 'pods that are missed' }, async ([workflowId, { id, organization, build }]) => {
    if (id === null || !isSecondTime(`${id} ${build} missing`)) return;
    const observed = await round.runtime.observe({ id, organization, build });
    if (observed.state === 'running') return;
    await signalLoss(round.client, workflowId, { build, reason: observed.reason, counted: observed.counted });
  });
  round.suspects = seen;
  return live;
}

/** What is counted wrongly does no harm that could not wait for the next time. */
async function audit(round: Round, live: Map<string, LiveWorkspace>): Promise<void> {
  const { runtime, client } = round;
  try {
    await auditUsage({ runtime, client, live, forEach: (things, what, work) => forEach({ round, things, what }, work) });
  } catch (error) {
    Context.current().log.warn('what organizations count could not be compared', { error });
  }
}

/** A workspace that was made again under the same name has another id; one that has told none yet may be the pod's own. */
function isAnother(known: LiveWorkspace, pod: ListedPod): boolean {
  return known.id !== null && known.id !== pod.id;
}

/** Only a candidate: the list may be older than the start of this very build. */
function isLeft(known: LiveWorkspace | undefined, pod: ListedPod): boolean {
  return known?.id === pod.id && known.build >= pod.build && DOWN_STATES.has(known.state);
}

/**
 * Each by itself, and within its time: what cannot be found out or done for one is tried again in a later round, and keeps nobody
 * from the others.
 */
async function forEach<T>(
  { round, things, what }: { round: Round; things: T[]; what: string },
  work: (thing: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { cancellationSignal, log } = Context.current();
  for (let first = 0; first < things.length; first += AT_ONCE) {
    cancellationSignal.throwIfAborted();
    round.say(`${what}: ${first} of ${things.length} are done`);
    const tries = things.slice(first, first + AT_ONCE).map((thing) => {
      const signal = AbortSignal.any([cancellationSignal, AbortSignal.timeout(PATIENCE_MS)]);
      return untilAborted(signal, () => work(thing, signal));
    });
    for (const { reason } of (await Promise.allSettled(tries)).filter((end) => end.status === 'rejected')) {
      log.warn('the watch goes on without one', { what, error: reason });
    }
  }
}

/** The pods stay listed until their workspace removes them, which is soon. */
async function removeOrphan({ runtime, client }: Round, pod: ListedPod, signal: AbortSignal): Promise<void> {
  if ((await findWorkspace(client, pod)) !== 'other') return;
  signal.throwIfAborted();
  await runtime.stopPod(pod, { signal, waitingFor: () => undefined });
  const { id, owner, name, organization } = pod;
  const ended: WorkspaceEndedInput = { workspace: workspaceWorkflowId(owner, name), id, home: true };
  await signalIfOpen(client, organizationWorkflowId(organization), workspaceEndedSignal.name, ended);
}

/** A clean-up that was given up as final has left it. A newer build that began meanwhile is safe: just this one is ended. */
async function removeLeft({ runtime }: Round, pod: ListedPod, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { id, organization, build, owner, name } = pod;
  Context.current().log.warn('a pod ran although its workspace is down', { workspace: `${owner}/${name}`, id, build });
  await runtime.stopPod({ id, organization, build }, { signal, waitingFor: () => undefined });
}

async function tell(round: Round, pod: ListedPod, lost: PodLostInput, once: string): Promise<void> {
  if (round.told.has(once)) return;
  if ((await findWorkspace(round.client, pod)) !== 'owner') return;
  await signalLoss(round.client, workspaceWorkflowId(pod.owner, pod.name), lost);
  round.told.add(once);
}

const signalLoss = (client: Client, workflowId: string, lost: PodLostInput): Promise<void> =>
  signalIfOpen(client, workflowId, podLostSignal.name, { ...lost, reason: cutText(lost.reason, MESSAGE_LIMIT) });

async function signalIfOpen(client: Client, workflowId: string, name: string, input: object): Promise<void> {
  try {
    await client.workflow.getHandle(workflowId).signal(name, input);
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

async function listWorkspaces({ client, say }: Round): Promise<Map<string, LiveWorkspace>> {
  const workspaces = new Map<string, LiveWorkspace>();
  const query = `WorkflowType='${WORKSPACE_WORKFLOW}' AND ${IS_OPEN_CLAUSE}`;
  for await (const { workflowId, memo, searchAttributes } of client.workflow.list({ query })) {
    const first = <T>(name: string, absent: T): T => (searchAttributes[name] as T[] | undefined)?.[0] ?? absent;
    const id = typeof memo?.id === 'string' ? memo.id : null;
    const organization = first('Organization', '');
    if (workspaces.size % LISTED_PER_BEAT === 0) say(`the list of workspaces; ${workspaces.size} came`);
    workspaces.set(workflowId, { id, organization, state: first('State', ''), build: first('Build', 0) });
  }
  return workspaces;
}
