/** Implements docs/policy.md: the state of an organization, its policy with the last 50 changes, and what its workspaces use. */
import type { UsageReport, WorkspaceEndedInput } from '../../../contract/internal/payloads';
import { organizationPartId } from '../../../contract/names';
import type { UsageView } from '../../../contract/payloads';
import { type KnownPolicy, lastChangeAt, type Policy, type PolicyChange } from '../../../contract/policy';
import { isTimeZone } from '../../../contract/time-zone';
import { asName, asObject, asText } from '../../input/fields';
import { invalid, Refusal } from '../../input/refusal';
import { createPushQueue, type PushQueue, queueReport } from '../../members/rules/push-queue';
import { createMembers, forgetPolicies, type Members, takeEnded, takeReport, viewUsage } from '../../members/rules/usage-records';
import { suspensionChanges } from './known-policy';
import { createPartitions, forward, moveGroups, noteNewPolicy, type Partitions, partitionIds } from './partitions';
import { checkPolicy, defaultPolicy, mergePolicy, withNewFields } from './policy';

const KEPT_CHANGES = 50;
/** Names in one line of the current details. */
const SHOWN_NAMES = 10;

/** One plain JSON value that crosses continue-as-new unchanged. */
export interface OrganizationState {
  schemaVersion: 2;
  name: string;
  policy: Policy;
  changes: PolicyChange[];
  /** The workspaces that the organization keeps itself. */
  members: Members;
  /** The partitions that keep the other workspaces. */
  parts: Partitions;
}

/** The state of earlier versions: the last report of each workspace, by workflow id. */
interface OldState extends Pick<OrganizationState, 'name' | 'policy' | 'changes'> {
  schemaVersion: 1;
  workspaces: Record<string, Omit<UsageReport, 'id' | 'policyAt'> & { id?: string; policyVersion: number }>;
}

/** A new organization; throws a Refusal for a wrong input. */
export function createOrganization(input: unknown, now: number): OrganizationState {
  const creation = asObject('input', input);
  const name = asName('name', creation.name);
  const by = asText('by', creation.by);
  const { policy, fields } = mergePolicy(defaultPolicy(), creation.policy);
  checkPolicy(policy, asObject('policy', creation.policy));
  const changes = [{ at: new Date(now).toISOString(), by, version: policy.version, fields }];
  return { schemaVersion: 2, name, policy, changes, members: createMembers({ pushesToAll: true }), parts: createPartitions() };
}

/** The state that an earlier run handed over, in the present shape. */
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
    parts: createPartitions(),
  };
  for (const { policyVersion, id, ...report } of Object.values(workspaces)) {
    // Records of the first versions have no id; only ids assigned here begin with a dash.
    const key = id ?? `-${report.workspace.slice(report.workspace.lastIndexOf('/') + 1)}`;
    takeReport(state.members, { ...report, id: key, policyAt: 0 }, policyVersion >= policy.version);
  }
  moveGroups(state.parts, state.members, changedAt(state));
  return state;
}

/** When the policy was last changed, which orders the policies of organizations created one after the other under a name. */
export function changedAt({ changes }: Pick<OrganizationState, 'changes'>): number {
  return lastChangeAt(changes);
}

/** The policy as workspaces keep it. */
export function knownPolicy(state: Pick<OrganizationState, 'policy' | 'changes'>): KnownPolicy {
  return { ...state.policy, changedAt: changedAt(state) };
}

/**
 * Changes the policy and returns the new one. Throws a Refusal and changes nothing for a wrong input, or where the policy has another
 * version than `ifVersion`.
 */
export function applyPolicyChange(state: OrganizationState, input: unknown, now: number): Policy {
  const change = asObject('policy', input);
  const by = asText('by', change.by);
  refuseOtherVersion(change.ifVersion, state.policy.version);
  const { policy, fields } = mergePolicy(state.policy, change);
  checkPolicy(policy, change);
  const suspensions = suspensionChanges(state.policy, policy);
  const at = Math.max(now, changedAt(state) + 1);
  state.policy = { ...policy, version: state.policy.version + 1 };
  const entry = { at: new Date(at).toISOString(), by, version: state.policy.version, fields };
  state.changes = [...state.changes, entry].slice(-KEPT_CHANGES);
  forgetPolicies(state.members, suspensions);
  noteNewPolicy(state.parts);
  return state.policy;
}

/**
 * The organization as a change would leave it; it stays as it is. Throws a Refusal for a wrong input, and for a new zone that does not
 * exist. The zone data of a machine may differ on replay, so in a workflow only a validator may call it.
 */
export function tryPolicyChange(
  { name, policy, changes }: Pick<OrganizationState, 'name' | 'policy' | 'changes'>,
  input: unknown,
  now: number,
): OrganizationState {
  const copy = { ...createOrganization({ name }, now), policy, changes };
  const { timeZone } = applyPolicyChange(copy, input, now).autoStart;
  // The present zone may be from before zones were checked, and must not block a change of other fields.
  if (timeZone !== null && timeZone !== policy.autoStart.timeZone && !isTimeZone(timeZone))
    throw invalid('autoStart.timeZone', 'an IANA time zone such as Europe/Berlin, or null', timeZone);
  return copy;
}

/** A list is replaced as a whole, so an edited list must not take back what others have changed since it was read. */
function refuseOtherVersion(ifVersion: unknown, version: number): void {
  if (ifVersion === undefined || ifVersion === null || ifVersion === version) return;
  if (typeof ifVersion !== 'number') throw invalid('ifVersion', 'a version of the policy', ifVersion);
  throw new Refusal('NotAllowed', `ifVersion: the policy has version ${version} by now, not ${ifVersion}`);
}

/** Takes a report, or queues it for its partition. Returns whether a workspace was queued for the newest policy. */
export function takeOwnReport(state: OrganizationState, queue: PushQueue, report: UsageReport): boolean {
  if (forward(state.parts, report)) return false;
  const isDue = queueReport(state.members, queue, report, changedAt(state));
  moveGroups(state.parts, state.members, changedAt(state));
  return isDue;
}

/** Takes the end of a workspace, or queues it for its partition. */
export function takeOwnEnded(state: OrganizationState, ended: WorkspaceEndedInput): void {
  if (!forward(state.parts, ended)) takeEnded(state.members, ended);
}

/** The workspaces kept here that have to be sent the newest policy. */
export const pushQueueOf = ({ members }: OrganizationState): PushQueue => createPushQueue(members);

/** The answer of the query `policy`. */
export function viewPolicy(state: OrganizationState): Policy & { changes: PolicyChange[] } {
  return { ...state.policy, changes: state.changes };
}

/** The sums of the owners kept here, and the ids of the partitions, which answer for the others. */
export function viewOrganizationUsage({ name, members, parts }: OrganizationState): UsageView {
  const more = partitionIds(parts, name);
  return { ...viewUsage(members), ...(more.length > 0 && { more }) };
}

/** The current details in Markdown. */
export function viewOrganizationDetails(state: OrganizationState): string {
  const { policy, members, parts } = state;
  const last = state.changes.at(-1);
  const more =
    parts.given.length === 0 ? '' : `, and ${parts.given.length} partitions (\`${organizationPartId(state.name, '…')}\`)`;
  return [
    `**${members.running} running** of ${members.count} workspaces${more}, policy version ${policy.version}`,
    '',
    `Auto-off after ${policy.autoOff.after}${policy.autoOff.userControlled ? ' unless a workspace sets its own' : ''}; auto-start on ${policy.autoStart.weekdays.join(', ') || 'no day'}`,
    ...limitLines(policy).flatMap((line) => ['', line]),
    '',
    `Last change ${last?.at ?? 'never'}${last?.by ? ` by ${last.by}` : ''}: ${last?.fields.join(', ') || 'defaults'}`,
  ].join('\n');
}

/** What the policy restricts, one line for each kind; names are listed up to a limit, since the box cuts long text. */
function limitLines({ images, defaultImage, quota, suspendedOwners }: Policy): string[] {
  const listed = images.map(({ name, defaultTag, tags }) => {
    const states = Object.entries(tags).filter(([, state]) => state !== 'available');
    return `\`${name}:${defaultTag}\`${states.length === 0 ? '' : ` (${shown(states.map(([tag, state]) => `${tag} ${state}`))})`}`;
  });
  const quotas = Object.entries(quota).filter(([, limit]) => limit !== null);
  return [
    `Images: ${listed.length === 0 ? 'any' : shown(listed)}${defaultImage === null ? '' : `; default \`${defaultImage}\``}`,
    ...(quotas.length === 0 ? [] : [`Quota: ${quotas.map(([name, limit]) => `${name} ${limit}`).join(', ')}`]),
    ...(suspendedOwners.length === 0 ? [] : [`**Suspended:** ${shown(suspendedOwners)}`]),
  ];
}

function shown(names: string[]): string {
  const rest = names.length - SHOWN_NAMES;
  return names.slice(0, SHOWN_NAMES).join(', ') + (rest > 0 ? `, and ${rest} more` : '');
}
