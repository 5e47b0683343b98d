/** The rules of an organization: its policy, and its changes. Data in, data out. */

import type { UsageReport, WorkspaceEndedInput } from '../../../contract/internal-payloads';
import { organizationPartId } from '../../../contract/names';
import type { UsageView } from '../../../contract/payloads';
import type { KnownPolicy, Policy, PolicyChange } from '../../../contract/policy';
import { asName, asObject, asText } from '../../input/fields';
import { type Behind, createBehind, takeMemberReport } from '../../members/rules/push-queue';
import { createMembers, forgetPolicies, type Members, takeEnded, takeReport, viewUsage } from '../../members/rules/usage-records';
import { createParts, giveAway, noteNewPolicy, type Parts, partIds, passOn } from './partitions';
import { checkPolicy, defaultPolicy, mergePolicy, withNewFields } from './policy';

const KEPT_CHANGES = 50;

export interface OrganizationState {
  schemaVersion: 2;
  name: string;
  policy: Policy;
  changes: PolicyChange[];
  /** The workspaces that it keeps itself. */
  members: Members;
  /** Where the others are kept. */
  parts: Parts;
}

/** What earlier versions handed over: the last report of each workspace, by workflow id. */
interface OldState extends Pick<OrganizationState, 'name' | 'policy' | 'changes'> {
  schemaVersion: 1;
  workspaces: Record<string, Omit<UsageReport, 'id' | 'policyAt'> & { id?: string; policyVersion: number }>;
}

export function createOrganization(input: unknown, now: number): OrganizationState {
  const given = asObject('input', input);
  const name = asName('name', given.name);
  const by = asText('by', given.by);
  const { policy, fields } = mergePolicy(defaultPolicy(), given.policy);
  checkPolicy(policy, asObject('policy', given.policy));
  const changes = [{ at: new Date(now).toISOString(), by, version: policy.version, fields }];
  return { schemaVersion: 2, name, policy, changes, members: createMembers({ pushesToAll: true }), parts: createParts() };
}

/** Brings an older run's state to today's shape. */
export function migrateOrganization(carried: OrganizationState | OldState): OrganizationState {
  const policy = withNewFields(carried.policy);
  if (carried.schemaVersion === 2) return { ...carried, policy };
  const { name, changes, workspaces } = carried;
  const state: OrganizationState = {
    schemaVersion: 2,
    name,
    policy,
    changes,
    members: createMembers({ pushesToAll: true }),
    parts: createParts(),
  };
  for (const { policyVersion, id, ...report } of Object.values(workspaces)) {
    // Very old ones have no id; no other begins with a dash.
    const key = id ?? `-${report.workspace.slice(report.workspace.lastIndexOf('/') + 1)}`;
    takeReport(state.members, { ...report, id: key, policyAt: 0 }, policyVersion >= policy.version);
  }
  giveAway(state.parts, state.members, changedAt(state));
  return state;
}

/** When the policy was last changed: what orders the policies of organizations that were made one after the other under a name. */
export function changedAt({ changes }: OrganizationState): number {
  return Date.parse(changes.at(-1)?.at ?? '') || 0;
}

export function knownPolicy(state: OrganizationState): KnownPolicy {
  return { ...state.policy, changedAt: changedAt(state) };
}

/** Changes the policy and answers the new one; throws a Refusal and changes nothing where the input is wrong. */
export function applyPolicyChange(state: OrganizationState, input: unknown, now: number): Policy {
  const given = asObject('policy', input);
  const by = asText('by', given.by);
  const { policy, fields } = mergePolicy(state.policy, given);
  checkPolicy(policy, given);
  const at = Math.max(now, changedAt(state) + 1);
  state.policy = { ...policy, version: state.policy.version + 1 };
  const change = { at: new Date(at).toISOString(), by, version: state.policy.version, fields };
  state.changes = [...state.changes, change].slice(-KEPT_CHANGES);
  forgetPolicies(state.members);
  noteNewPolicy(state.parts);
  return state.policy;
}

/** Takes a report, or keeps it for the part that it concerns. Answers whether a workspace has now to be sent the newest policy. */
export function takeOwnReport(state: OrganizationState, behind: Behind, report: UsageReport): boolean {
  if (passOn(state.parts, report)) return false;
  const isDue = takeMemberReport(state.members, behind, report, changedAt(state));
  giveAway(state.parts, state.members, changedAt(state));
  return isDue;
}

export function takeOwnEnded(state: OrganizationState, ended: WorkspaceEndedInput): void {
  if (!passOn(state.parts, ended)) takeEnded(state.members, ended);
}

export const behindOf = ({ members }: OrganizationState): Behind => createBehind(members);

export function viewPolicy(state: OrganizationState): Policy & { changes: PolicyChange[] } {
  return { ...state.policy, changes: state.changes };
}

/** The sums of the owners that it keeps itself, and the ids of its parts, which answer for the others. */
export function viewOrganizationUsage({ name, members, parts }: OrganizationState): UsageView {
  const more = partIds(parts, name);
  return { ...viewUsage(members), ...(more.length > 0 && { more }) };
}

export function viewOrganizationDetails(state: OrganizationState): string {
  const { policy, members, parts } = state;
  const last = state.changes.at(-1);
  const more =
    parts.given.length === 0 ? '' : `, and those of ${parts.given.length} parts (\`${organizationPartId(state.name, '…')}\`)`;
  return [
    `**${members.running} running** of ${members.count} workspaces${more}, policy version ${policy.version}`,
    '',
    `Auto-off after ${policy.autoOff.after}${policy.autoOff.userControlled ? ' unless a workspace sets its own' : ''}; auto-start on ${policy.autoStart.weekdays.join(', ') || 'no day'}`,
    '',
    `Last change ${last?.at ?? 'never'}${last?.by ? ` by ${last.by}` : ''}: ${last?.fields.join(', ') || 'defaults'}`,
  ].join('\n');
}
