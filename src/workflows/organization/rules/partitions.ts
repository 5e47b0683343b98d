/**
 * The parts of a large organization. One workflow cannot hand over more than 2 MiB, which 100,000 workspaces pass many times over. So
 * the owners fall into fixed groups, and where an organization has many workspaces it gives the largest group away to a workflow of
 * its own, its part, and passes on what concerns it from then on.
 */

import type { UsageReport, WorkspaceEndedInput } from '../../../contract/internal-payloads';
import { organizationPartId } from '../../../contract/names';
import { type MemberEvent, ownerOf } from '../../members/rules/reports';
import { type Members, removeOwners } from '../../members/rules/usage-records';
import { shareOf } from '../../workspace/rules/stable-hash';

/** With 100,000 workspaces there are some 1,600 in each group, and a part has room for 7,000. */
const GROUPS = 64;
/** So many workspaces an organization keeps itself, with which all it hands over stays below half of the server's limit. */
const MAX_OWN = 2_500;
/** So many events are on their way at once, which with 330 bytes each stays well below the server's limit. */
const SENT_AT_ONCE = 2_000;
/** More is not handed over to the next run; until it is passed on, this run goes on. */
export const MAX_HANDED_OVER = 2_500;

export interface Parts {
  /** The groups that were given away. */
  given: number[];
  /** Those of them whose part is there. */
  made: number[];
  /** What has still to be passed on, in the order it came. */
  events: MemberEvent[];
  /** The groups whose parts have still to be sent the newest policy. */
  withoutPolicy: number[];
}

export interface Delivery {
  group: number;
  events: MemberEvent[];
}

export function createParts(): Parts {
  return { given: [], made: [], events: [], withoutPolicy: [] };
}

/** Whether a report, or the event that a workspace has ended, concerns a part; it is then kept to be passed on. */
export function passOn(parts: Parts, event: UsageReport | WorkspaceEndedInput): boolean {
  if (parts.given.length === 0) return false;
  const group = groupOf(ownerOf(event.workspace) ?? '');
  if (!parts.given.includes(group)) return false;
  parts.events.push(event);
  return true;
}

/** Gives the largest groups away until few enough workspaces are left. `policyAt` is the policy that the workspaces up to date have. */
export function giveAway(parts: Parts, members: Members, policyAt: number): void {
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

/** What is passed on next, taken out; null for nothing. A part that has still to be sent the policy gets a delivery without events. */
export function takeDeliveries(parts: Parts): Delivery[] | null {
  const events = parts.events.splice(0, SENT_AT_ONCE);
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

/** Takes back what did not arrive. What came later for the same parts stays behind it, and what is for others goes before. */
export function requeue(parts: Parts, failed: Delivery[]): void {
  const groups = new Set(failed.map(({ group }) => group));
  const isForFailed = (event: MemberEvent) => groups.has(groupOf(ownerOf(event.workspace) ?? ''));
  const others = parts.events.filter((event) => !isForFailed(event));
  parts.events = [...others, ...failed.flatMap(({ events }) => events), ...parts.events.filter(isForFailed)];
  parts.withoutPolicy = [...new Set([...parts.withoutPolicy, ...failed.map(({ group }) => group)])];
}

export function noteDelivered(parts: Parts, arrived: Delivery[]): void {
  parts.made = [...new Set([...parts.made, ...arrived.map(({ group }) => group)])].sort((a, b) => a - b);
}

/** A newer policy came. */
export function noteNewPolicy(parts: Parts): void {
  parts.withoutPolicy = [...parts.given];
}

export const hasDeliveries = ({ events, withoutPolicy }: Parts): boolean => events.length > 0 || withoutPolicy.length > 0;

export function partIds({ made }: Parts, organization: string): string[] {
  return made.map((group) => organizationPartId(organization, group));
}

function groupOf(owner: string): number {
  return Math.floor(shareOf(owner) * GROUPS);
}
