/**
 * Implements docs/policy.md, "Large organizations": partitions. A run cannot hand over more than 2 MiB, and the records of 100,000
 * workspaces are many times that. The owners are hashed into fixed groups. An organization with many workspaces moves its largest group
 * to a workflow `members` of its own, a partition, and forwards the events of that group from then on.
 */
import type { UsageReport, WorkspaceEndedInput } from '../../../contract/internal/payloads';
import { organizationPartId } from '../../../contract/names';
import { type MemberEvent, ownerOf } from '../../members/rules/reports';
import { type Members, removeOwners } from '../../members/rules/usage-records';
import { stableFraction } from '../../workspace/rules/stable-hash';

/** 100,000 workspaces are about 1,600 for each group, and a partition holds 7,000. */
const GROUPS = 64;
/** Workspaces that the organization keeps itself: what it hands over then stays below half of the server's limit. */
const MAX_OWN = 2_500;
/** Events in one activity: at 330 bytes each, its input stays well below the server's limit. */
const MAX_EVENTS = 2_000;
/** The most events handed over to the next run; until the others are forwarded, the run goes on. */
export const MAX_HANDED_OVER = 2_500;

/** The partitions of an organization. */
export interface Partitions {
  /** The groups that were moved to a partition. */
  given: number[];
  /** The moved groups whose partition has been started. */
  made: number[];
  /** The events that have to be forwarded, in order of arrival. */
  events: MemberEvent[];
  /** The groups whose partition has to be sent the newest policy. */
  withoutPolicy: number[];
}

/** What one partition is sent at once. */
export interface Delivery {
  group: number;
  events: MemberEvent[];
}

/** Without any partition. */
export function createPartitions(): Partitions {
  return { given: [], made: [], events: [], withoutPolicy: [] };
}

/** Queues a report or an end for its partition. False when the organization keeps the workspace itself. */
export function forward(parts: Partitions, event: UsageReport | WorkspaceEndedInput): boolean {
  if (parts.given.length === 0) return false;
  const group = groupOf(ownerOf(event.workspace) ?? '');
  if (!parts.given.includes(group)) return false;
  parts.events.push(event);
  return true;
}

/** Moves the largest groups to partitions until few enough workspaces remain. `policyAt` is the newest policy. */
export function moveGroups(parts: Partitions, members: Members, policyAt: number): void {
  while (members.count > MAX_OWN) {
    members.pushesToAll = false;
    const group = largestGroup(members);
    parts.given = [...parts.given, group].sort((a, b) => a - b);
    parts.withoutPolicy.push(group);
    parts.events.push(...removeOwners(members, (owner) => groupOf(owner) === group, policyAt));
  }
}

function largestGroup({ owners }: Members): number {
  const sizes = new Map<number, number>();
  for (const [owner, { workspaces }] of Object.entries(owners)) {
    const group = groupOf(owner);
    sizes.set(group, (sizes.get(group) ?? 0) + Object.keys(workspaces).length);
  }
  return [...sizes].sort(([a, x], [b, y]) => y - x || a - b)[0]?.[0] ?? 0;
}

/** Takes the next deliveries out of the queue; null for none. A partition that only lacks the policy gets a delivery without events. */
export function takeDeliveries(parts: Partitions): Delivery[] | null {
  const events = parts.events.splice(0, MAX_EVENTS);
  const groups = new Map(parts.withoutPolicy.map((group) => [group, [] as MemberEvent[]]));
  parts.withoutPolicy = [];
  for (const event of events) {
    const group = groupOf(ownerOf(event.workspace) ?? '');
    const list = groups.get(group) ?? [];
    list.push(event);
    groups.set(group, list);
  }
  return groups.size === 0 ? null : [...groups].map(([group, list]) => ({ group, events: list }));
}

/** Queues failed deliveries again, before later events of the same partitions and after the events of all others. */
export function requeue(parts: Partitions, failed: Delivery[]): void {
  const groups = new Set(failed.map(({ group }) => group));
  const isForFailed = (event: MemberEvent) => groups.has(groupOf(ownerOf(event.workspace) ?? ''));
  const others = parts.events.filter((event) => !isForFailed(event));
  parts.events = [...others, ...failed.flatMap(({ events }) => events), ...parts.events.filter(isForFailed)];
  parts.withoutPolicy = [...new Set([...parts.withoutPolicy, ...failed.map(({ group }) => group)])];
}

/** Records that these partitions run. */
export function noteDelivered(parts: Partitions, arrived: Delivery[]): void {
  parts.made = [...new Set([...parts.made, ...arrived.map(({ group }) => group)])].sort((a, b) => a - b);
}

/** The policy changed: every partition has to be sent it. */
export function noteNewPolicy(parts: Partitions): void {
  parts.withoutPolicy = [...parts.given];
}

/** Whether events or the policy have to be sent to a partition. */
export const hasDeliveries = ({ events, withoutPolicy }: Partitions): boolean => events.length > 0 || withoutPolicy.length > 0;

/** The workflow ids of the started partitions. */
export function partitionIds({ made }: Partitions, organization: string): string[] {
  return made.map((group) => organizationPartId(organization, group));
}

function groupOf(owner: string): number {
  return Math.floor(stableFraction(owner) * GROUPS);
}
