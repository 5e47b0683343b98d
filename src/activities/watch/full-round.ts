/** Compares pods and workspaces both ways. */
import { Context } from '@temporalio/activity';
import type { WorkspaceEndedInput } from '../../contract/internal/payloads';
import { workspaceWorkflowId } from '../../contract/names';
import { DOWN_STATES } from '../../contract/states';
import type { ListedPod } from '../../runtimes/runtime';
import { findWorkspace, isDownAfter } from '../ownership';
import { type LiveWorkspace, listWorkspaces } from './list-workspaces';
import { reportOnce, signalLoss } from './lost-pods';
import { forEach, type Round } from './round';
import { signalEnded } from './signal';

type Live = Map<string, LiveWorkspace>;
/** Whether the last full round had this suspect too; keeps it for the next one. */
type IsSecondTime = (suspect: string) => boolean;

/**
 * Removes pods without a workspace and pods of workspaces that are down, and reports pods of an unknown newer build and missing pods.
 * Returns the live workspaces.
 */
export async function compareFully(round: Round, pods: ListedPod[]): Promise<Live> {
  const seen = new Set<string>();
  const isSecondTime: IsSecondTime = (suspect) => {
    seen.add(suspect);
    return round.suspects.has(suspect);
  };
  const live = await listWorkspaces(round);
  await compareUnmatched(round, pods, { live, isSecondTime });
  await removeLeftPods(round, pods, { live, isSecondTime });
  await reportMissing(round, pods, { live, isSecondTime });
  round.suspects = seen;
  return live;
}

/** Pods without a workspace, and pods of a build that their workspace does not know. */
async function compareUnmatched(
  round: Round,
  pods: ListedPod[],
  { live, isSecondTime }: { live: Live; isSecondTime: IsSecondTime },
): Promise<void> {
  const unmatched = pods
    .map((pod) => ({ pod, known: live.get(workspaceWorkflowId(pod.owner, pod.name)) }))
    .filter(({ pod, known }) => !known || isAnother(known, pod) || known.build < pod.build);
  await forEach({ round, items: unmatched, what: 'pods that match no workspace' }, async ({ pod, known }, signal) => {
    if (!known || isAnother(known, pod)) return removeOrphan(round, pod, signal);
    const suspect = `${pod.id} ${pod.build} newer`;
    if (!isSecondTime(suspect)) return;
    const lost = { build: known.build, found: pod.build, reason: `build ${pod.build} runs`, counted: false };
    await reportOnce(round, pod, lost, suspect);
  });
}

/** Running pods of workspaces that are down. */
async function removeLeftPods(
  round: Round,
  pods: ListedPod[],
  { live, isSecondTime }: { live: Live; isSecondTime: IsSecondTime },
): Promise<void> {
  const left = pods.filter((pod) => pod.running && isLeft(live.get(workspaceWorkflowId(pod.owner, pod.name)), pod));
  await forEach({ round, items: left, what: 'pods of workspaces that are down' }, async (pod, signal) => {
    if ((await isDownAfter(round.client, pod)) && isSecondTime(`${pod.instance} left`)) await removeLeft(round, pod, signal);
  });
}

/** Running workspaces without a running pod. A listed pod that does not run may have been reported while the workspace was building. */
async function reportMissing(
  round: Round,
  pods: ListedPod[],
  { live, isSecondTime }: { live: Live; isSecondTime: IsSecondTime },
): Promise<void> {
  const running = new Set(pods.filter((pod) => pod.running).map(({ id }) => id));
  const isMissing = ({ id, state, organization }: LiveWorkspace) =>
    state === 'running' && id !== null && !running.has(id) && !round.unknown.has(organization);
  for (const [organization, why] of round.unknown) Context.current().log.warn('watch: pods not listed', { organization, why });
  const missing = [...live].filter(([, workspace]) => isMissing(workspace));
  await forEach({ round, items: missing, what: 'missing pods' }, async ([workflowId, { id, organization, build }]) => {
    if (id === null || !isSecondTime(`${id} ${build} missing`)) return;
    const observed = await round.runtime.observe({ id, organization, build });
    if (observed.state === 'running') return;
    await signalLoss(round.client, workflowId, { build, reason: observed.reason, counted: observed.counted });
  });
}

/** A workspace created again under the same name has another id. Before its first task it has none, and may be the pod's own. */
function isAnother(known: LiveWorkspace, pod: ListedPod): boolean {
  return known.id !== null && known.id !== pod.id;
}

/** Only a candidate: the list may be older than the start of this build. */
function isLeft(known: LiveWorkspace | undefined, pod: ListedPod): boolean {
  return known?.id === pod.id && known.build >= pod.build && DOWN_STATES.has(known.state);
}

/** Removes the pod of a workspace that has ended, and reports the end to its organization. */
async function removeOrphan({ runtime, client }: Round, pod: ListedPod, signal: AbortSignal): Promise<void> {
  if ((await findWorkspace(client, pod)) !== 'other') return;
  signal.throwIfAborted();
  await runtime.stopPod(pod, { signal, waitingFor: () => undefined });
  const { id, owner, name, organization } = pod;
  const ended: WorkspaceEndedInput = { workspace: workspaceWorkflowId(owner, name), id, home: true };
  await signalEnded(client, organization, ended);
}

/** A clean-up that ended with a final failure left this pod. Only this build is removed, so the pod of a newer one is safe. */
async function removeLeft({ runtime }: Round, pod: ListedPod, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { id, organization, build, owner, name } = pod;
  Context.current().log.warn('watch: removing a pod of a workspace that is down', { workspace: `${owner}/${name}`, id, build });
  await runtime.stopPod({ id, organization, build }, { signal, waitingFor: () => undefined });
}
