/** The policy of an organization: reading it, and pushing a new one. */
import { type Client, QueryNotRegisteredError, WorkflowNotFoundError } from '@temporalio/client';
import type { KnownOwner } from '../contract/internal/ledger';
import { ownerSettingsQuery, policyQuery } from '../contract/messages';
import { organizationWorkflowId, ownerWorkflowId } from '../contract/names';
import { type KnownPolicy, lastChangeAt, policyForOwner } from '../contract/policy';
import { RuntimeFailure } from '../runtimes/failure';
import type { Dependencies } from './dependencies';
import { translated } from './failure';
import type { PolicyReader } from './policy-reader';
import { createSignalLimit, type PushPolicyInput, pushPolicy } from './push-policy';

/** A policy, with the settings of a workspace's owner. */
export interface PolicyAnswer extends KnownPolicy {
  owner?: KnownOwner;
}

/** The activities `readPolicy` and `pushPolicy`. */
export function policyActivities({ client }: Dependencies, policies: PolicyReader<KnownPolicy>) {
  const limit = createSignalLimit();
  return {
    /** Fails with `NotFound` for an unknown organization. With an owner, the owner's settings come beside the policy. */
    readPolicy: ({ organization, owner }: { organization: string; owner?: string }): Promise<PolicyAnswer> =>
      translated(async () => {
        const policy = await policies.read(organization);
        if (owner === undefined) return policy;
        return { ...policyForOwner(policy, owner), owner: await queryOwner(client, organization, owner) };
      }),

    /** Returns the workflow ids of the workspaces that were not reached. */
    pushPolicy: (input: PushPolicyInput): Promise<{ unreached: string[] }> =>
      translated(() => pushPolicy({ client, limit }, input)),
  };
}

/** The present policy of the organization. Throws `NotFound` for an unknown one. */
export async function queryPolicy(client: Client, organization: string): Promise<KnownPolicy> {
  try {
    const { changes, ...policy } = await client.workflow.getHandle(organizationWorkflowId(organization)).query(policyQuery);
    return { ...policy, changedAt: lastChangeAt(changes) };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError || isOfAnotherType(error)) {
      throw new RuntimeFailure(
        'NotFound',
        `organization: expected the name of an existing one, got ${JSON.stringify(organization)}`,
      );
    }
    throw new RuntimeFailure('RuntimeUnavailable', `the policy of ${organization} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** The settings of an owner; none where the owner's workflow was not needed yet. */
async function queryOwner(client: Client, organization: string, owner: string): Promise<KnownOwner> {
  try {
    return await client.workflow.getHandle(ownerWorkflowId(organization, owner)).query(ownerSettingsQuery);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { dotfiles: null, autoStart: null, changedAt: 0 };
    const message = `the settings of ${owner} in ${organization} cannot be read: ${messageOf(error)}`;
    throw new RuntimeFailure('RuntimeUnavailable', message, { cause: error });
  }
}

/** The SDK has one class for every failed query; only with this message is the workflow no organization. */
function isOfAnotherType(error: unknown): boolean {
  return error instanceof QueryNotRegisteredError && error.message.includes('did not register a handler');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
