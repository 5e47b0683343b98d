/** Sends a new policy, or new settings of an owner, to workspaces. */
import { Context } from '@temporalio/activity';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import pLimit, { type LimitFunction } from 'p-limit';
import pMap from 'p-map';
import type { KnownOwner } from '../contract/internal/ledger';
import type { PolicyChangedInput } from '../contract/internal/payloads';
import { policyChangedSignal } from '../contract/messages';
import { ownerOfWorkflowId } from '../contract/names';
import { type KnownPolicy, policyForOwner } from '../contract/policy';
import { untilAborted } from '../hooks/until-aborted';
import { startHeartbeat } from './heartbeat';

/** Signals under way of one push, so that a large push leaves room for a small one. */
const CONCURRENCY = 20;
/**
 * Signals under way of all pushes of a worker. A large organization has dozens of partitions, which push at the same time: without a limit
 * each signal would wait longer at a busy server than it may, and all would be sent again.
 */
const MAX_UNDER_WAY = 100;
/** How long one workspace that does not take its signal may delay the others. */
const SIGNAL_TIMEOUT_MS = 10_000;

/** The input of `pushPolicy`. */
export interface PushPolicyInput {
  /** Absent when only the owner's settings are sent. */
  policy?: KnownPolicy;
  /** The settings of the owner of all these workspaces; absent when they did not change. */
  owner?: KnownOwner;
  /** Workflow ids. */
  workspaces: string[];
}

/** The limit that all pushes of a worker share. */
export const createSignalLimit = (): LimitFunction => pLimit(MAX_UNDER_WAY);

/**
 * Signals each workspace; a workspace that has ended needs no policy. Returns the workflow ids that were not reached, also when it is
 * cancelled.
 */
export async function pushPolicy(
  { client, limit }: { client: Client; limit: LimitFunction },
  { workspaces, ...news }: PushPolicyInput,
): Promise<{ unreached: string[] }> {
  const context = Context.current();
  const { cancellationSignal } = context;
  let waiting = workspaces.length;
  const unreached: string[] = [];
  const send = () => context.heartbeat({ waitingFor: `${waiting} workspaces to be signalled` });
  const signalInTime = (id: string) => {
    waiting -= 1;
    const signal = AbortSignal.any([cancellationSignal, AbortSignal.timeout(SIGNAL_TIMEOUT_MS)]);
    return untilAborted(signal, () => signalPolicy(client, id, news));
  };
  const signalOne = (id: string) =>
    // A signal of its own, since one with more than ten listeners gives a warning.
    untilAborted(AbortSignal.any([cancellationSignal]), () => limit(signalInTime, id)).catch((error: unknown) => {
      unreached.push(id);
      if (!cancellationSignal.aborted) context.log.warn('policy push: signal failed', { id, error });
    });
  send();
  const endHeartbeat = startHeartbeat(send);
  await pMap(workspaces, signalOne, { concurrency: CONCURRENCY }).finally(endHeartbeat);
  return { unreached };
}

async function signalPolicy(client: Client, workflowId: string, news: PolicyChangedInput): Promise<void> {
  try {
    const { policy, ...owner } = news;
    const input = { ...owner, ...(policy && { policy: policyForOwner(policy, ownerOfWorkflowId(workflowId)) }) };
    await client.workflow.getHandle(workflowId).signal(policyChangedSignal, input);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}
