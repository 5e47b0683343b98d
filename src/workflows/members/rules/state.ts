/**
 * Implements docs/policy.md, "Large organizations": the state of a partition, which keeps the workspaces of a group of owners and sends
 * them the policy.
 */
import type { UsageView } from '../../../contract/payloads';
import type { KnownPolicy } from '../../../contract/policy';
import { asName, asObject } from '../../input/fields';
import { invalid, Refusal } from '../../input/refusal';
import { asPushedPolicy, isNewerPolicy, policyAt, suspensionChanges } from '../../organization/rules/known-policy';
import { createPushQueue, type PushQueue, queueReport } from './push-queue';
import { isReport, parseEvents } from './reports';
import { createMembers, forgetPolicies, type Members, takeEnded, viewUsage } from './usage-records';

/** One plain JSON value that crosses continue-as-new unchanged. */
export interface PartitionState {
  schemaVersion: 1;
  organization: string;
  /** The number of its group of owners. */
  part: number;
  /** Null until the organization has sent it. */
  policy: KnownPolicy | null;
  members: Members;
}

/** Throws a Refusal for a wrong input. */
export function createPartition(input: unknown): PartitionState {
  const fields = asObject('input', input);
  const { part } = fields;
  if (typeof part !== 'number' || !Number.isSafeInteger(part) || part < 0) throw invalid('part', 'a number from 0', part);
  const organization = asName('organization', fields.organization);
  return { schemaVersion: 1, organization, part, policy: null, members: createMembers({ pushesToAll: false }) };
}

/** The state that an earlier run handed over, in the present shape. */
export function migratePartition(carried: PartitionState): PartitionState {
  if (carried.schemaVersion !== 1) throw new Error(`state: expected schemaVersion 1, got ${String(carried.schemaVersion)}`);
  return carried;
}

/**
 * Takes a delivery of the organization; malformed fields change nothing. Returns whether workspaces have to be sent the policy, and the
 * queue, which is derived again when the policy is a newer one.
 */
export function takeDelivery(state: PartitionState, queue: PushQueue, input: unknown): { queue: PushQueue; isDue: boolean } {
  const policy = policyIn(input);
  const isNewer =
    policy !== null && (state.policy === null || (isNewerPolicy(policy, state.policy) && !isSame(policy, state.policy)));
  if (isNewer) {
    forgetPolicies(state.members, suspensionChanges(state.policy, policy));
    state.policy = policy;
  }
  const present = isNewer ? createPushQueue(state.members) : queue;
  const newestAt = policyAt(state.policy);
  let isDue = isNewer;
  for (const event of parseEvents(input)) {
    if (isReport(event)) isDue = queueReport(state.members, present, event, newestAt) || isDue;
    else takeEnded(state.members, event);
  }
  return { queue: present, isDue };
}

/** The answer of the query `usage`. */
export const viewPartitionUsage = ({ members }: PartitionState): UsageView => viewUsage(members);

/** The current details in Markdown. */
export function viewPartitionDetails({ organization, policy, members }: PartitionState): string {
  const refused = members.refused === 0 ? '' : `\n\n${members.refused} reports were refused: the partition is full`;
  return `**${members.running} running** of ${members.count} workspaces of \`organization/${organization}\`, policy version ${policy?.version ?? '-'}${refused}`;
}

function policyIn(input: unknown): KnownPolicy | null {
  try {
    return asPushedPolicy(input);
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}

const isSame = (a: KnownPolicy, b: KnownPolicy): boolean => policyAt(a) === policyAt(b) && a.version === b.version;
