/** Sends a new policy to the workspaces of an organization. */
import { Context } from '@temporalio/activity';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { policyChangedSignal } from '../contract/messages';
import { ownerOfWorkflowId } from '../contract/names';
import type { KnownPolicy } from '../contract/policy';
import { untilAborted } from '../hooks/until-aborted';
import { startHeartbeat } from './heartbeat';

/** Signals sent at once. */
const CONCURRENCY = 20;
/** How long one workspace that does not take its signal may delay the others. */
const SIGNAL_TIMEOUT_MS = 10_000;

/** The input of `pushPolicy`. */
export interface PushPolicyInput {
  policy: KnownPolicy;
  /** Workflow ids. */
  workspaces: string[];
}

/**
 * Signals each workspace; a workspace that has ended needs no policy. Returns the workflow ids that were not reached, also when it is
 * cancelled.
 */
export async function pushPolicy(client: Client, { policy, workspaces }: PushPolicyInput): Promise<{ unreached: string[] }> {
  const context = Context.current();
  const waiting = [...workspaces];
  const unreached: string[] = [];
  const send = () => context.heartbeat({ waitingFor: `${waiting.length} workspaces to be signalled` });
  const signalAll = async () => {
    while (!context.cancellationSignal.aborted) {
      const id = waiting.pop();
      if (id === undefined) return;
      const signal = AbortSignal.any([context.cancellationSignal, AbortSignal.timeout(SIGNAL_TIMEOUT_MS)]);
      await untilAborted(signal, () => signalPolicy(client, id, policy)).catch((error: unknown) => {
        unreached.push(id);
        if (!context.cancellationSignal.aborted) context.log.warn('policy push: signal failed', { id, error });
      });
    }
  };
  send();
  const endHeartbeat = startHeartbeat(send);
  await Promise.all(Array.from({ length: CONCURRENCY }, signalAll)).finally(endHeartbeat);
  return { unreached: [...unreached, ...waiting] };
}

async function signalPolicy(client: Client, workflowId: string, policy: KnownPolicy): Promise<void> {
  try {
    await client.workflow.getHandle(workflowId).signal(policyChangedSignal, { policy: forWorkspace(policy, workflowId) });
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}

/** Of the suspended owners only its own, since thousands of workspaces are sent the policy. */
function forWorkspace(policy: KnownPolicy, workflowId: string): KnownPolicy {
  const owner = ownerOfWorkflowId(workflowId);
  return { ...policy, suspendedOwners: policy.suspendedOwners.filter((suspended) => suspended === owner) };
}
