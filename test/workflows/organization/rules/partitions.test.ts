/** The partitions of a large organization, without a server: every delivery arrives immediately. */
import { isDeepStrictEqual } from 'node:util';
import type { UsageReport } from '../../../../src/contract/internal/payloads';
import type { KnownPolicy } from '../../../../src/contract/policy';
import { nextPush, type PushQueue, pushFailed } from '../../../../src/workflows/members/rules/push-queue';
import {
  createPartition,
  migratePartition,
  type PartitionState,
  takeDelivery,
  viewPartitionUsage,
} from '../../../../src/workflows/members/rules/state';
import {
  createPartitions,
  noteDelivered,
  requeue,
  takeDeliveries,
} from '../../../../src/workflows/organization/rules/partitions';
import {
  applyPolicyChange,
  changedAt,
  knownPolicy,
  type OrganizationState,
  pushQueueOf,
  viewOrganizationUsage,
} from '../../../../src/workflows/organization/rules/state';
import { organization, REPORT, takeEnd, takeReports } from '../../../support/workflows/organization-builders';
import { copy, NOW } from '../../../support/workflows/state-builders';

/** The server's limit on what a run hands over. */
const LIMIT = 2 * 2 ** 20;

interface Partitioned {
  state: OrganizationState;
  parts: Map<number, { state: PartitionState; queue: PushQueue }>;
}

const partitioned = (): Partitioned => ({ state: organization(), parts: new Map() });

function deliver({ state, parts }: Partitioned): void {
  for (let due = takeDeliveries(state.parts); due; due = takeDeliveries(state.parts)) {
    for (const { group, events } of due) {
      const part = parts.get(group) ?? { state: createPartition({ organization: 'math', part: group }), queue: new Map() };
      const policy: KnownPolicy = knownPolicy(state);
      part.queue = takeDelivery(part.state, part.queue, copy({ policy, events })).queue;
      parts.set(group, part);
    }
    noteDelivered(state.parts, due);
  }
}

/** Names as long as they may be. */
const longName = (prefix: string, index: number) => `${prefix}${index}`.padEnd(40, 'x');
function longReport(index: number, ownerCount: number, change: Partial<UsageReport> = {}): UsageReport {
  const owner = longName('owner', index % ownerCount);
  const workspace = `workspace/${owner}/${longName('name', index)}`;
  const id = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
  return { ...REPORT, workspace, owner, id, sequence: NOW + index, ...change };
}

const runningIn = ({ state, parts }: Partitioned) =>
  [viewOrganizationUsage(state), ...[...parts.values()].map((part) => viewPartitionUsage(part.state))]
    .flatMap(({ owners }) => Object.values(owners))
    .reduce((sum, { running }) => sum + running, 0);

test.each([100_000, 5_000, 200])(
  '100,000 workspaces of %d owners fit what each run hands over, with names of 40 characters and 40 percent to spare.',
  (ownerCount) => {
    const all = partitioned();
    for (let index = 0; index < 100_000; index += 1) {
      takeReports(all.state, longReport(index, ownerCount));
      if (index % 1_000 === 0) deliver(all);
    }
    deliver(all);
    expect(JSON.stringify(all.state).length).toBeLessThan(LIMIT * 0.6);
    const sizes = [...all.parts.values()].map(({ state }) => JSON.stringify(state).length);
    if (ownerCount >= 5_000) expect(Math.max(...sizes)).toBeLessThan(LIMIT * 0.6);
    expect(Math.max(...sizes)).toBeLessThan(LIMIT * 0.9);
    expect(runningIn(all)).toBe(100_000 - [...all.parts.values()].reduce((sum, { state }) => sum + state.members.refused, 0));
    for (const { state } of all.parts.values()) {
      // Node compares 100,000 records in a second, jest in ten.
      expect(isDeepStrictEqual(migratePartition(copy(state)), state)).toBe(true);
      expect(JSON.stringify(viewPartitionUsage(state)).length).toBeLessThan(LIMIT * 0.6);
    }
  },
);

test('An owner is in one place only, and what comes for it later arrives there.', () => {
  const all = partitioned();
  for (let index = 0; index < 6_000; index += 1) takeReports(all.state, longReport(index, 600));
  deliver(all);
  const usage = viewOrganizationUsage(all.state);
  expect(usage.more?.length).toBe(all.parts.size);
  expect(usage.more?.[0]).toMatch(/^members\/math\/\d+$/);
  const owners = [usage, ...[...all.parts.values()].map(({ state }) => viewPartitionUsage(state))].flatMap((view) =>
    Object.keys(view.owners),
  );
  expect(new Set(owners).size).toBe(600);
  expect(owners).toHaveLength(600);
  for (let index = 0; index < 6_000; index += 2) {
    const { workspace, id } = longReport(index, 600);
    takeEnd(all.state, { workspace, id, home: true });
  }
  for (let index = 1; index < 6_000; index += 2)
    takeReports(all.state, longReport(index, 600, { sequence: NOW + 9_999, running: false }));
  deliver(all);
  expect(runningIn(all)).toBe(0);
});

test('A newer policy reaches every part, and there all that run are behind it.', () => {
  const all = partitioned();
  for (let index = 0; index < 4_000; index += 1) takeReports(all.state, longReport(index, 4_000));
  deliver(all);
  expect([...all.parts.values()].map(({ queue }) => queue.size)).not.toContain(1);
  applyPolicyChange(all.state, { retention: '1d' }, NOW + 5);
  deliver(all);
  const behind = [pushQueueOf(all.state), ...[...all.parts.values()].map((part) => part.queue)];
  expect(behind.reduce((sum, { size }) => sum + size, 0)).toBe(4_000);
  expect([...all.parts.values()].every(({ state }) => state.policy?.changedAt === changedAt(all.state))).toBe(true);
});

test('One workspace that is not reached is tried again later and less often, and keeps no other waiting.', () => {
  const state = organization({}, { workspace: 'workspace/eve/dev', id: 'w2', owner: 'eve' });
  applyPolicyChange(state, { retention: '1d' }, NOW + 5);
  const behind = pushQueueOf(state);
  pushFailed(behind, 'ada/w1', NOW);
  expect([...nextPush(state.members, behind, NOW).keys.values()]).toEqual(['eve/w2']);
  behind.delete('eve/w2');
  const pauses: number[] = [];
  let now = NOW;
  for (let until = nextPush(state.members, behind, now).until; until; until = nextPush(state.members, behind, now).until) {
    pauses.push((until - now) / 1_000);
    now = until;
    pushFailed(behind, 'ada/w1', now);
  }
  expect(pauses).toEqual([10, 20, 40, 80]);
});

test('A part that takes nothing keeps no other part waiting, and is sent what it missed in its order.', () => {
  const parts = createPartitions();
  const reports = Array.from({ length: 2_000 }, (_, index) => ({ ...REPORT, sequence: index }));
  parts.events = [...reports];
  const failed = takeDeliveries(parts) ?? [];
  const other = { ...REPORT, workspace: 'workspace/eve/dev', owner: 'eve' };
  parts.events.push({ ...REPORT, sequence: 2_000 }, other);
  requeue(parts, failed);
  const next = (takeDeliveries(parts) ?? []).flatMap(({ events }) => events);
  expect(next).toEqual([...reports.slice(0, 1_999), other].sort((a, b) => a.owner.localeCompare(b.owner)));
  expect(parts.events).toEqual([reports[1_999], { ...REPORT, sequence: 2_000 }]);
});
