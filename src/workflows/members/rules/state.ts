/** The rules of a part: it keeps the workspaces of a group of owners, and has them sent the policy. Data in, data out. */
import type { UsageView } from '../../../contract/payloads';
import type { KnownPolicy } from '../../../contract/policy';
import { asName, asObject } from '../../input/fields';
import { invalid, Refusal } from '../../input/refusal';
import { policyAt } from '../../organization/rules/policy';
import { asPushedPolicy, isNewerPolicy } from '../../workspace/rules/policy-update';
import { type Behind, createBehind, takeMemberReport } from './push-queue';
import { isReport, parseEvents } from './reports';
import { createMembers, forgetPolicies, type Members, takeEnded, viewUsage } from './usage-records';

export interface PartState {
  schemaVersion: 1;
  organization: string;
  part: number;
  /** Null until the organization has sent it. */
  policy: KnownPolicy | null;
  members: Members;
}

export function createPart(input: unknown): PartState {
  const given = asObject('input', input);
  const { part } = given;
  if (typeof part !== 'number' || !Number.isSafeInteger(part) || part < 0) throw invalid('part', 'a number from 0', part);
  const organization = asName('organization', given.organization);
  return { schemaVersion: 1, organization, part, policy: null, members: createMembers({ pushesToAll: false }) };
}

export function migratePart(carried: PartState): PartState {
  if (carried.schemaVersion !== 1) throw new Error(`state: expected schemaVersion 1, got ${String(carried.schemaVersion)}`);
  return carried;
}

/**
 * Takes what the organization passes on; what is malformed changes nothing. Answers whether there are workspaces that have now to be
 * sent the policy, and `behind` made anew where the policy is a newer one.
 */
export function takeDelivery(state: PartState, behind: Behind, input: unknown): { behind: Behind; isDue: boolean } {
  const policy = policyIn(input);
  const isNewer =
    policy !== null && (state.policy === null || (isNewerPolicy(policy, state.policy) && !isSame(policy, state.policy)));
  if (isNewer) {
    state.policy = policy;
    forgetPolicies(state.members);
  }
  const now = isNewer ? createBehind(state.members) : behind;
  const newestAt = policyAt(state.policy);
  let isDue = isNewer;
  for (const event of parseEvents(input)) {
    if (isReport(event)) isDue = takeMemberReport(state.members, now, event, newestAt) || isDue;
    else takeEnded(state.members, event);
  }
  return { behind: now, isDue };
}

export const viewPartUsage = ({ members }: PartState): UsageView => viewUsage(members);

export function viewPartDetails({ organization, policy, members }: PartState): string {
  const refused = members.refused === 0 ? '' : `\n\n${members.refused} reports were refused: it is full`;
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
