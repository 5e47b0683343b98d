/** Reports lost pods to their workspaces. */
import type { Client } from '@temporalio/client';
import type { PodLostInput } from '../../contract/internal/payloads';
import { podLostSignal } from '../../contract/messages';
import { workspaceWorkflowId } from '../../contract/names';
import { cutText, MESSAGE_LIMIT } from '../../contract/text-limit';
import type { ListedPod } from '../../runtimes/runtime';
import { findWorkspace } from '../ownership';
import { forEach, type Round } from './round';
import { signalIfOpen } from './signal';

/** Reports each listed pod that does not run, once for each attempt of the watch. */
export async function reportLosses(round: Round, pods: ListedPod[]): Promise<void> {
  const lost = pods.filter(({ running }) => !running);
  await forEach({ round, items: lost, what: 'lost pods' }, async (pod) => {
    const { instance, build, counted } = pod;
    // The key is the instance, since a build that was given another pod may lose that one too.
    await reportOnce(round, pod, { build, reason: pod.reason ?? 'the pod ended', counted }, `${instance} lost`);
  });
}

/** Reports the loss unless this attempt has reported the key, or the pod's workspace no longer owns it. */
export async function reportOnce(round: Round, pod: ListedPod, lost: PodLostInput, key: string): Promise<void> {
  if (round.reported.has(key)) return;
  if ((await findWorkspace(round.client, pod)) !== 'owner') return;
  await signalLoss(round.client, workspaceWorkflowId(pod.owner, pod.name), lost);
  round.reported.add(key);
}

/** Sends `podLost` to a workspace. */
export function signalLoss(client: Client, workflowId: string, lost: PodLostInput): Promise<void> {
  return signalIfOpen(client, workflowId, podLostSignal.name, { ...lost, reason: cutText(lost.reason, MESSAGE_LIMIT) });
}
