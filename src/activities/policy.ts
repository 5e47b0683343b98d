/** Reading an organization's policy, and telling its workspaces of a new one. */

import { Context } from '@temporalio/activity';
import { type Client, QueryNotRegisteredError, WorkflowNotFoundError } from '@temporalio/client';
import { policyChangedSignal, policyQuery } from '../contract/messages';
import { organizationWorkflowId } from '../contract/names';
import type { KnownPolicy } from '../contract/policy';
import { untilAborted } from '../hooks/until-aborted';
import { RuntimeFailure } from '../runtimes/failure';
import type { Dependencies } from './dependencies';
import { translated } from './failure';
import { startPulse } from './heartbeat';
import type { Reading } from './policy-reader';

/** So many signals are on their way at once. */
const PUSH_CONCURRENCY = 20;
/** What one workspace that does not take its signal may cost the others. */
const SIGNAL_PATIENCE_MS = 10_000;

export function policyActivities({ client }: Dependencies, policies: Reading<KnownPolicy>) {
  return {
    readPolicy: ({ organization }: { organization: string }): Promise<KnownPolicy> =>
      translated(() => policies.read(organization)),

    /**
     * Signals every workspace given; one that has ended meanwhile needs no policy. Answers those that were not reached, also where it
     * was cancelled.
     */
    pushPolicy: (input: { policy: KnownPolicy; workspaces: string[] }): Promise<{ unreached: string[] }> =>
      translated(() => pushPolicy(client, input)),
  };
}

async function pushPolicy(
  client: Client,
  input: { policy: KnownPolicy; workspaces: string[] },
): Promise<{ unreached: string[] }> {
  const context = Context.current();
  const { policy } = input;
  const waiting = [...input.workspaces];
  const unreached: string[] = [];
  const beat = () => context.heartbeat({ waitingFor: `${waiting.length} workspaces to be told` });
  const sendAll = async () => {
    while (!context.cancellationSignal.aborted) {
      const id = waiting.pop();
      if (id === undefined) return;
      const signal = AbortSignal.any([context.cancellationSignal, AbortSignal.timeout(SIGNAL_PATIENCE_MS)]);
      await untilAborted(signal, () => signalPolicy(client, id, policy)).catch((error: unknown) => {
        unreached.push(id);
        if (!context.cancellationSignal.aborted) context.log.warn('a workspace could not be sent the policy', { id, error });
      });
    }
  };
  beat();
  const endPulse = startPulse(beat);
  await Promise.all(Array.from({ length: PUSH_CONCURRENCY }, sendAll)).finally(endPulse);
  return { unreached: [...unreached, ...waiting] };
}

/** The policy as its organization has it now. Throws `NotFound` for an unknown organization. */
export async function queryPolicy(client: Client, organization: string): Promise<KnownPolicy> {
  try {
    const { changes, ...policy } = await client.workflow.getHandle(organizationWorkflowId(organization)).query(policyQuery);
    return { ...policy, changedAt: Date.parse(changes.at(-1)?.at ?? '') || 0 };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError || isOfAnotherKind(error)) {
      throw new RuntimeFailure(
        'NotFound',
        `organization: expected the name of one that exists, got ${JSON.stringify(organization)}`,
      );
    }
    throw new RuntimeFailure('RuntimeUnavailable', `the policy of ${organization} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** The SDK has one class for whatever a query fails with; only in this case is the workflow no organization. */
function isOfAnotherKind(error: unknown): boolean {
  return error instanceof QueryNotRegisteredError && error.message.includes('did not register a handler');
}

async function signalPolicy(client: Client, workflowId: string, policy: KnownPolicy): Promise<void> {
  try {
    await client.workflow.getHandle(workflowId).signal(policyChangedSignal, { policy });
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
