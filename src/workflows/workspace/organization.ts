/** The rules of an organization: its policy, and its changes. Data in, data out. */
import type { Policy, PolicyChange, UsageReport } from '../payloads';
import { asName, asObject, asText } from './fields';
import { defaultPolicy, mergePolicy } from './policy';

const KEPT_CHANGES = 50;
/** So many workspaces are told in one activity, so that its input stays well below the server's limit. */
const PUSH_CHUNK = 2_000;

export interface OrganizationState {
  schemaVersion: 1;
  name: string;
  policy: Policy;
  changes: PolicyChange[];
  /** The last report of each workspace, by workflow id. */
  workspaces: Record<string, UsageReport>;
}

export function createOrganization(input: unknown, now: number): OrganizationState {
  const given = asObject('input', input);
  const name = asName('name', given.name);
  const by = asText('by', given.by);
  const { policy, fields } = mergePolicy(defaultPolicy(), given.policy);
  const changes = [{ at: new Date(now).toISOString(), by, version: policy.version, fields }];
  return { schemaVersion: 1, name, policy, changes, workspaces: {} };
}

/** Changes the policy and answers the new one; throws a Refusal and changes nothing where the input is wrong. */
export function applyPolicyChange(state: OrganizationState, input: unknown, now: number): Policy {
  const by = asText('by', asObject('policy', input).by);
  const { policy, fields } = mergePolicy(state.policy, input);
  state.policy = { ...policy, version: state.policy.version + 1 };
  const change = { at: new Date(now).toISOString(), by, version: state.policy.version, fields };
  state.changes = [...state.changes, change].slice(-KEPT_CHANGES);
  return state.policy;
}

/** Whom the newest policy has still to be told; null when everybody has it. */
export function duePush(state: OrganizationState): { policy: Policy; workspaces: string[] } | null {
  const { policy } = state;
  const behind = Object.values(state.workspaces).filter(({ policyVersion }) => policyVersion < policy.version);
  if (behind.length === 0) return null;
  return { policy, workspaces: behind.slice(0, PUSH_CHUNK).map(({ workspace }) => workspace) };
}

export function viewPolicy(state: OrganizationState): Policy & { changes: PolicyChange[] } {
  return { ...state.policy, changes: state.changes };
}

export function viewOrganizationDetails(state: OrganizationState): string {
  const { policy } = state;
  const running = Object.values(state.workspaces).filter((report) => report.running).length;
  const last = state.changes.at(-1);
  return [
    `**${running} running** of ${Object.keys(state.workspaces).length} workspaces, policy version ${policy.version}`,
    '',
    `Auto-off after ${policy.autoOff.after}${policy.autoOff.userControlled ? ' unless a workspace sets its own' : ''}; auto-start on ${policy.autoStart.weekdays.join(', ') || 'no day'}`,
    '',
    `Last change ${last?.at ?? 'never'}${last?.by ? ` by ${last.by}` : ''}: ${last?.fields.join(', ') || 'defaults'}`,
  ].join('\n');
}
