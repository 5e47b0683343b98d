/**
 * Implements docs/messages.md, "Messages of an organization": the last report of each workspace, by owner and id, with a sum for each owner. One payload may hold
 * thousands of records, so a record is a tuple. Keys are user input and read with `Object.hasOwn`: an owner may be named `constructor`.
 */
import type { UsageReport, WorkspaceEndedInput } from '../../../contract/internal/payloads';
import { workspaceWorkflowId } from '../../../contract/names';
import type { OwnerUsage, UsageView } from '../../../contract/payloads';
import { formatBytes, formatCpu, quantity } from '../../../contract/quantity';

/** With the longest owners and names, and one owner for each record, the state stays well below the server's 2 MiB for an input. */
export const MAX_MEMBERS = 7_000;

/** The records of an organization or of one of its partitions. */
export interface Members {
  owners: Record<string, OwnerMembers>;
  /** Workspaces. */
  count: number;
  /** Workspaces that run. */
  running: number;
  /**
   * Whether a policy is pushed to workspaces that are off too, which plan by it. In a large organization each push would be a replay of a
   * sleeping workspace; these read the policy when they next decide. The suspension of an owner reaches them all the same.
   */
  pushesToAll: boolean;
  /** Reports of workspaces beyond `MAX_MEMBERS`, which are dropped. */
  refused: number;
}

interface OwnerMembers {
  sum: Sum;
  /** By id, which survives a reset of the workspace and the adoption of its home under another name. */
  workspaces: Record<string, Member>;
}

/** CPU in thousandths of a core, memory and disk in bytes. */
type Sum = [running: number, homes: number, cpu: number, memory: number, disk: number];
type Member = [name: string, sequence: number, flags: number, cpu: number, memory: number, disk: number];

const RUNNING = 1;
const HOME = 2;
/** The workspace has the newest policy. */
const CURRENT = 4;
/** The workspace has to be sent the newest policy also while it is off: the suspension of its owner changed. */
const WANTED = 8;

/** Without any record. */
export function createMembers({ pushesToAll }: Pick<Members, 'pushesToAll'>): Members {
  return { owners: {}, count: 0, running: 0, pushesToAll, refused: 0 };
}

/** Takes a report; one older than the last changes nothing. Returns whether the workspace has to be sent the policy. */
export function takeReport(members: Members, report: UsageReport, isCurrent: boolean): boolean {
  const name = report.workspace.slice(report.workspace.lastIndexOf('/') + 1);
  const known = findMember(members, report);
  if (known && known[1] >= report.sequence) return isOutdated(members, known);
  if (!known) endOthers(members, report.owner, name);
  if (!report.running && !report.home) {
    replace(members, report, null);
    return false;
  }
  if (!known && members.count >= MAX_MEMBERS) {
    members.refused += 1;
    return false;
  }
  const flags =
    (report.running ? RUNNING : 0) | (report.home ? HOME : 0) | (isCurrent ? CURRENT : 0) | ((known?.[2] ?? 0) & WANTED);
  const cpu = whole(quantity(report.cpu) * 1_000);
  const member: Member = [name, report.sequence, flags, cpu, bytes(report.memory), bytes(report.disk)];
  replace(members, report, member);
  return isOutdated(members, member);
}

/**
 * Takes the end of a terminated workspace, which sends no report itself: it no longer runs, and its home counts while it exists. Another
 * workspace of the same name is unchanged.
 */
export function takeEnded(members: Members, { workspace, id, home }: WorkspaceEndedInput): void {
  const owner = workspace.split('/')[1] ?? '';
  const known = findMember(members, { owner, id });
  // Another workspace may have adopted the home, and the record is then that workspace's.
  if (!known || (home && workspace !== workspaceWorkflowId(owner, known[0]))) return;
  replace(members, { owner, id }, home ? ended(known) : null);
}

/** The answer of the query `usage`. */
export function viewUsage({ owners }: Members): UsageView {
  const view = Object.entries(owners).map(([owner, { sum }]) => [owner, viewSum(sum)]);
  return { owners: Object.fromEntries(view) as UsageView['owners'] };
}

/** Every workspace that has to be sent the newest policy, by owner and id; running ones first. */
export function outdatedMembers(members: Members): { owner: string; id: string }[] {
  const running: { owner: string; id: string }[] = [];
  const others: { owner: string; id: string }[] = [];
  for (const [owner, { workspaces }] of Object.entries(members.owners)) {
    for (const [id, member] of Object.entries(workspaces)) {
      if (isOutdated(members, member)) (member[2] & RUNNING ? running : others).push({ owner, id });
    }
  }
  return [...running, ...others];
}

/** The policy changed: no workspace has the newest one yet. The workspaces of the named owners are sent it also while they are off. */
export function forgetPolicies(members: Members, changed: string[]): void {
  for (const { workspaces } of Object.values(members.owners)) {
    for (const member of Object.values(workspaces)) member[2] &= member[2] & CURRENT ? ~(CURRENT | WANTED) : ~CURRENT;
  }
  for (const owner of changed) {
    for (const member of Object.values(ownersEntry(members, owner)?.workspaces ?? {})) member[2] |= WANTED;
  }
}

/** Records that the workspace has the newest policy. */
export function notePolicyHeld(members: Members, key: { owner: string; id: string }): void {
  const member = findMember(members, key);
  if (member) member[2] |= CURRENT;
}

/** The counted workspaces, which run or have a home. The watch compares them with the runtime. */
export function listMembers({ owners }: Members): { owner: string; name: string; id: string; running: boolean }[] {
  return Object.entries(owners).flatMap(([owner, { workspaces }]) =>
    Object.entries(workspaces).map(([id, [name, , flags]]) => ({ owner, name, id, running: (flags & RUNNING) !== 0 })),
  );
}

/** The name of a recorded workspace; null for an unknown one. */
export function memberName(members: Members, key: { owner: string; id: string }): string | null {
  return findMember(members, key)?.[0] ?? null;
}

/** Removes the records of these owners and returns them as reports. `policyAt` is the policy of the workspaces that are up to date. */
export function removeOwners(members: Members, isWanted: (owner: string) => boolean, policyAt: number): UsageReport[] {
  const reports: UsageReport[] = [];
  for (const [owner, { workspaces }] of Object.entries(members.owners)) {
    if (!isWanted(owner)) continue;
    const taken = Object.entries(workspaces);
    for (const [id, member] of taken) reports.push(toReport(owner, id, member, policyAt));
    delete members.owners[owner];
    members.count -= taken.length;
    members.running -= taken.filter(([, member]) => runs(member)).length;
  }
  return reports;
}

function toReport(owner: string, id: string, member: Member, policyAt: number): UsageReport {
  const [name, sequence, flags, cpu, memory, disk] = member;
  return {
    workspace: workspaceWorkflowId(owner, name),
    id,
    sequence,
    owner,
    policyAt: flags & CURRENT ? policyAt : 0,
    running: (flags & RUNNING) !== 0,
    home: (flags & HOME) !== 0,
    cpu: formatCpu(cpu / 1_000),
    memory: formatBytes(memory),
    disk: formatBytes(disk),
  };
}

/** A name belongs to one workspace at a time: when another id reports under it, the earlier workspace has ended. */
function endOthers(members: Members, owner: string, name: string): void {
  const workspaces = ownersEntry(members, owner)?.workspaces ?? {};
  // for-in makes no list: an owner may have thousands of workspaces.
  for (const id in workspaces) {
    const member = workspaces[id];
    if (member?.[0] === name) replace(members, { owner, id }, ended(member));
  }
}

/** The record of an ended workspace: its home, while it exists. */
function ended([name, sequence, flags, ...sizes]: Member): Member | null {
  return flags & HOME ? [name, sequence, HOME, ...sizes] : null;
}

/** Sets or removes the record of a workspace and updates the sums. */
function replace(members: Members, { owner, id }: { owner: string; id: string }, member: Member | null): void {
  const entry = ownersEntry(members, owner) ?? { sum: zero(), workspaces: {} };
  const before = Object.hasOwn(entry.workspaces, id) ? (entry.workspaces[id] ?? null) : null;
  if (member) entry.workspaces[id] = member;
  else delete entry.workspaces[id];
  if (before) add(entry.sum, before, -1);
  if (member) add(entry.sum, member, 1);
  members.count += Number(member !== null) - Number(before !== null);
  members.running += runs(member) - runs(before);
  // To see whether a large record is empty takes as long as to list it.
  if (member) members.owners[owner] = entry;
  else if (isEmpty(entry.workspaces)) delete members.owners[owner];
}

function add(sum: Sum, [, , flags, cpu, memory, disk]: Member, sign: 1 | -1): void {
  if (flags & RUNNING) {
    sum[0] += sign;
    sum[2] += sign * cpu;
    sum[3] += sign * memory;
  }
  if (flags & HOME) {
    sum[1] += sign;
    sum[4] += sign * disk;
  }
}

function isEmpty(record: Record<string, unknown>): boolean {
  for (const _ in record) return false;
  return true;
}

function viewSum([running, homes, cpu, memory, disk]: Sum): OwnerUsage {
  return { running, homes, cpu: formatCpu(cpu / 1_000), memory: formatBytes(memory), disk: formatBytes(disk) };
}

function findMember(members: Members, { owner, id }: { owner: string; id: string }): Member | null {
  const entry = ownersEntry(members, owner);
  return entry && Object.hasOwn(entry.workspaces, id) ? (entry.workspaces[id] ?? null) : null;
}

function ownersEntry({ owners }: Members, owner: string): OwnerMembers | null {
  return Object.hasOwn(owners, owner) ? (owners[owner] ?? null) : null;
}

const isOutdated = ({ pushesToAll }: Members, [, , flags]: Member): boolean =>
  (flags & CURRENT) === 0 && (pushesToAll || (flags & (RUNNING | WANTED)) !== 0);
const runs = (member: Member | null): number => (member && member[2] & RUNNING ? 1 : 0);
/** Integers, whose sums and differences are exact. */
const whole = (number: number): number => Math.min(Math.round(number), Number.MAX_SAFE_INTEGER);
const bytes = (text: string): number => whole(quantity(text));
const zero = (): Sum => [0, 0, 0, 0, 0];
