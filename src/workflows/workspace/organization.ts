/** The rules of an organization: its policy, its changes, and the sum of what its workspaces use. Data in, data out. */
import type { OwnerUsage, Policy, PolicyChange, UsageReport, UsageView } from '../payloads';
import { asName, asObject, asText } from './fields';
import { defaultPolicy, mergePolicy } from './policy';
import { formatBytes, formatCpu, parseQuantity, quantity } from '../../runtimes/quantity';

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

/** Takes a workspace's report. An older one than the last, or a malformed one, changes nothing. */
export function takeUsageReport(state: OrganizationState, input: unknown): void {
  if (!isUsageReport(input)) return;
  const { workspace, sequence, owner, policyVersion, running, home, cpu, memory, disk } = input;
  const report = { workspace, sequence, owner, policyVersion, running, home, cpu, memory, disk };
  const known = state.workspaces[input.workspace];
  if (known && known.sequence >= input.sequence && input.sequence !== 1) return;
  if (!input.running && !input.home) delete state.workspaces[input.workspace];
  else state.workspaces[workspace] = report;
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

export function viewUsage(state: OrganizationState): UsageView {
  const owners: UsageView['owners'] = {};
  const reports = Object.values(state.workspaces);
  for (const owner of new Set(reports.map((report) => report.owner))) {
    owners[owner] = sum(reports.filter((report) => report.owner === owner));
  }
  return { owners };
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

function sum(reports: UsageReport[]): OwnerUsage {
  const running = reports.filter((report) => report.running);
  const homes = reports.filter((report) => report.home);
  const total = (list: UsageReport[], key: 'cpu' | 'memory' | 'disk') =>
    list.reduce((all, report) => all + quantity(report[key]), 0);
  return {
    running: running.length,
    homes: homes.length,
    cpu: formatCpu(total(running, 'cpu')),
    memory: formatBytes(total(running, 'memory')),
    disk: formatBytes(total(homes, 'disk')),
  };
}

function isUsageReport(input: unknown): input is UsageReport {
  if (typeof input !== 'object' || input === null) return false;
  const report = input as Record<string, unknown>;
  const isQuantity = (value: unknown) => typeof value === 'string' && parseQuantity(value) !== null;
  return (
    typeof report.workspace === 'string' &&
    report.workspace.startsWith('workspace/') &&
    typeof report.owner === 'string' &&
    Number.isInteger(report.sequence) &&
    Number.isInteger(report.policyVersion) &&
    typeof report.running === 'boolean' &&
    typeof report.home === 'boolean' &&
    [report.cpu, report.memory, report.disk].every(isQuantity)
  );
}
