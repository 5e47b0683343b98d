import fc from 'fast-check';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../../src/contract/duration';
import { autoOffAt } from '../../../../src/workflows/workspace/rules/auto-off';
import { blockedBecause, plannedStart, wantedPlan } from '../../../../src/workflows/workspace/rules/auto-start';
import { requestConfigure } from '../../../../src/workflows/workspace/rules/configure';
import { takePolicy } from '../../../../src/workflows/workspace/rules/policy-update';
import { requestBuild, requestDelete, requestRestore, requestStop } from '../../../../src/workflows/workspace/rules/requests';
import { takeSignal } from '../../../../src/workflows/workspace/rules/signals';
import { viewExplain } from '../../../../src/workflows/workspace/rules/view/explain';
import { viewStatus } from '../../../../src/workflows/workspace/rules/view/status';
import { inColumn, NOW, off, path, policyWith, running, SECOND_MS } from '../../../support/workflows/state-builders';

const SCHEDULE = { autoStart: { time: '08:30', timeZone: 'Europe/Berlin' } };
/** Time begins on Monday at 06:00 in UTC, 07:00 in Berlin. */
const MONDAY = Date.parse('2026-03-02T07:30:00.000Z');
const TUESDAY = MONDAY + DAY_MS;

test('It begins at most five minutes early, runs at the time set, and says so before.', () => {
  const simulator = off(SCHEDULE);
  const status = viewStatus(simulator.state).autoStart;
  expect(status).toMatchObject({
    at: new Date(MONDAY).toISOString(),
    time: '08:30',
    timeZone: 'Europe/Berlin',
    blockedBecause: null,
  });
  const beginsAt = Date.parse(status?.beginsAt ?? '');
  expect(beginsAt).toBeGreaterThanOrEqual(MONDAY - 5 * MINUTE_MS);
  expect(viewExplain(simulator.state, simulator.now).next[0]).toMatchObject({ what: 'start', at: status?.beginsAt });
  expect(simulator.advanceTo(beginsAt - 1).state.phase).toBe('off');
  expect(simulator.advanceTo(MONDAY).state.phase).toBe('running');
  expect(simulator.state.history.at(-2)).toMatchObject({ cause: 'auto-start', by: 'schedule', at: beginsAt });
});

/** How long before the time set a workspace of that id begins, whose last build took so long. */
function leadAfter(took: number, id: string): number {
  const { state } = off(SCHEDULE);
  state.id = id;
  const [build] = state.builds;
  for (const step of build?.steps ?? []) step.endedAt = step.startedAt;
  const [, , startPod] = build?.steps ?? [];
  if (startPod?.startedAt) startPod.endedAt = startPod.startedAt + took;
  // Most of it in a queue.
  if (build) build.endedAt = build.startedAt + took + HOUR_MS;
  return MONDAY - (plannedStart(state)?.beginsAt ?? 0);
}

test.each([
  ['a build of two minutes', 2 * MINUTE_MS, 4 * MINUTE_MS],
  ['a build of an hour', HOUR_MS, 5 * MINUTE_MS],
  ['a build of a second', SECOND_MS, MINUTE_MS],
])('After %s the lead is within one and five minutes, and leaves time for the build.', (_, took, least) => {
  fc.assert(
    fc.property(fc.string(), (id) => {
      const lead = leadAfter(took, id);
      expect(lead).toBeGreaterThanOrEqual(least);
      expect(lead).toBeLessThanOrEqual(5 * MINUTE_MS);
      expect(leadAfter(took, id)).toBe(lead);
    }),
    { numRuns: 30 },
  );
});

test.each([
  ['random', (index: number) => `3f6c${(index * 2654435761).toString(16).padStart(12, '0')}`],
  ['made one after the other', (index: number) => `0193d2f0-5f3a-7000-8000-${String(index).padStart(12, '0')}`],
])('Of a thousand that are to be ready at one time, with ids that are %s, as many begin in each minute.', (_, idOf) => {
  const leads = Array.from({ length: 1_000 }, (_, index) => leadAfter(SECOND_MS, idOf(index)));
  const minutes = leads.map((lead) => Math.floor(lead / MINUTE_MS));
  for (const minute of [1, 2, 3, 4]) {
    const share = minutes.filter((each) => each === minute).length;
    expect(share).toBeGreaterThan(200);
    expect(share).toBeLessThan(300);
  }
});

test('A cancelled build does not count as a measure of how long one takes.', () => {
  const simulator = inColumn('building', SCHEDULE);
  requestStop(simulator.state, 'cancelBuild', {}, simulator.now);
  simulator.settle();
  expect(plannedStart(simulator.state)).toMatchObject({ beginsAt: MONDAY - 5 * MINUTE_MS });
});

test('A workspace not used within recentUse is not started; the date is recorded and the next one planned.', () => {
  const simulator = off(SCHEDULE, { autoStart: { recentUse: '1h' } });
  expect(blockedBecause(simulator.state)).toMatch(/recentUse of 1h/);
  const explained = viewExplain(simulator.state, simulator.now);
  expect(explained.next).toEqual([]);
  expect(explained.wouldChange.join()).toMatch(/will not happen: not used since/);
  simulator.advanceTo(MONDAY);
  expect(simulator.state).toMatchObject({ phase: 'off', schedule: { skipped: { at: MONDAY } } });
  expect(plannedStart(simulator.state)?.at).toBe(TUESDAY);
});

test('Recent use is judged for the time set: used within it of 08:30 suffices, whenever it is looked at.', () => {
  const used = off(SCHEDULE, { autoStart: { recentUse: '24h' } });
  used.advanceTo(TUESDAY);
  // Created on Monday at 07:00: within 24 hours of Monday's start, not of Tuesday's.
  expect(path(used.state).filter((entry) => entry.endsWith('auto-start'))).toHaveLength(1);
  const later = off(SCHEDULE, { autoStart: { recentUse: '26h' } });
  expect(later.advanceTo(TUESDAY).state.phase).toBe('running');
});

test('An automatic start does not count as use: after recentUse without a person it ends by itself.', () => {
  const simulator = off(SCHEDULE, { autoStart: { recentUse: '2d' } });
  simulator.advanceTo(MONDAY + 10 * DAY_MS);
  const starts = path(simulator.state).filter((entry) => entry.endsWith('auto-start'));
  expect(starts).toHaveLength(2);
});

test('On a weekday that the organization does not allow there is no start.', () => {
  const simulator = off(SCHEDULE, { autoStart: { weekdays: ['tue'] } });
  expect(plannedStart(simulator.state)?.at).toBe(TUESDAY);
});

test('Without any weekday auto-start is off for the organization, and the status says why.', () => {
  const simulator = off(SCHEDULE, { autoStart: { weekdays: [] } });
  expect(viewStatus(simulator.state).autoStart).toMatchObject({ at: null, beginsAt: null });
  expect(viewStatus(simulator.state).autoStart?.blockedBecause).toMatch(/off for the organization/);
  expect(simulator.advance(10 * DAY_MS).state.phase).toBe('off');
});

test('Where the organization sets a zone, its weekdays are judged there.', () => {
  // Monday 08:30 in Berlin is still Sunday in Honolulu.
  const simulator = off(SCHEDULE, { autoStart: { weekdays: ['sun'], timeZone: 'Pacific/Honolulu' } });
  expect(plannedStart(simulator.state)?.at).toBe(MONDAY);
});

test.each(['running', 'building', 'turning-off', 'error', 'off'] as const)(
  'A stop by hand in %s in the five minutes before uses up that date, and only that.',
  (column) => {
    const simulator = inColumn(column, SCHEDULE);
    const settled = inColumn(column, SCHEDULE);
    settled.settle();
    simulator.state.schedule.plan = settled.state.schedule.plan;
    simulator.now = MONDAY - 4 * MINUTE_MS;
    requestStop(simulator.state, 'stop', {}, simulator.now);
    expect(simulator.advanceTo(MONDAY + HOUR_MS).state.phase).toBe('off');
    expect(plannedStart(simulator.state)?.at).toBe(TUESDAY);
  },
);

test('A cancel of the scheduled build before its time uses up that date.', () => {
  const simulator = off(SCHEDULE);
  simulator.now = plannedStart(simulator.state)?.beginsAt ?? 0;
  while (simulator.state.phase !== 'building') simulator.turn();
  requestStop(simulator.state, 'cancelBuild', {}, simulator.now);
  expect(simulator.advanceTo(MONDAY + HOUR_MS).state.phase).toBe('off');
});

test('A stop by hand more than five minutes before leaves the date as it is.', () => {
  const simulator = running(SCHEDULE).advanceTo(MONDAY - 5 * MINUTE_MS - 1);
  requestStop(simulator.state, 'stop', {}, simulator.now);
  expect(simulator.advanceTo(MONDAY).state.phase).toBe('running');
});

test('A start missed by more than 30 minutes is skipped and recorded; by 30 minutes it still happens.', () => {
  const [late, tooLate] = [off(SCHEDULE), off(SCHEDULE)];
  late.now = MONDAY + 30 * MINUTE_MS;
  tooLate.now = MONDAY + 30 * MINUTE_MS + 1;
  late.settle();
  tooLate.settle();
  expect(late.state.phase).toBe('running');
  expect(tooLate.state).toMatchObject({ phase: 'off', schedule: { skipped: { at: MONDAY } } });
  expect(viewExplain(tooLate.state, tooLate.now).why).toMatch(/missed by more than 30 minutes/);
  expect(plannedStart(tooLate.state)?.at).toBe(TUESDAY);
});

test('After an outage of many days the next start is the next one to come.', () => {
  const simulator = off(SCHEDULE, { autoStart: { recentUse: '365d' } });
  simulator.now = MONDAY + 20 * DAY_MS + HOUR_MS;
  simulator.settle();
  expect(plannedStart(simulator.state)?.at).toBe(MONDAY + 21 * DAY_MS);
});

test('A time set that passes while running renews the auto-off window.', () => {
  const simulator = running(SCHEDULE).advanceTo(MONDAY);
  expect(autoOffAt(simulator.state)).toBe(MONDAY + 2 * HOUR_MS);
  expect(plannedStart(simulator.state)?.at).toBe(TUESDAY);
  expect(path(simulator.state)).toHaveLength(2);
});

test('A scheduled start that was ready early has its window counted from the time set.', () => {
  const simulator = off(SCHEDULE).advanceTo(MONDAY);
  expect(simulator.state.since).toBeLessThan(MONDAY);
  expect(autoOffAt(simulator.state)).toBe(MONDAY + 2 * HOUR_MS);
});

test.each([
  ['a new time', { autoStart: { time: '07:05', timeZone: 'Europe/Berlin' } }],
  ['the same again after a clearing', SCHEDULE],
])('A change of the schedule to %s concerns the future only.', (_, change) => {
  const simulator = off({}).advanceTo(MONDAY + 10 * MINUTE_MS);
  requestConfigure(simulator.state, { autoStart: null }, simulator.now);
  requestConfigure(simulator.state, change, simulator.now);
  simulator.settle();
  expect(simulator.state).toMatchObject({ phase: 'off', schedule: { skipped: null } });
  expect(plannedStart(simulator.state)?.at).toBeGreaterThan(simulator.now);
});

test('A change of the allowed weekdays concerns the future only: a time that has passed starts nothing.', () => {
  const simulator = off(SCHEDULE, { autoStart: { weekdays: ['tue'] } }).advanceTo(MONDAY + 10 * MINUTE_MS);
  simulator.policy = policyWith({}, 2);
  takePolicy(simulator.state, simulator.policy, simulator.now);
  simulator.settle();
  expect(simulator.state.phase).toBe('off');
  expect(plannedStart(simulator.state)?.at).toBe(TUESDAY);
});

test('A restore concerns the future only: a time that passed while it was deleted starts nothing.', () => {
  const simulator = off(SCHEDULE);
  requestDelete(simulator.state, {}, simulator.now);
  simulator.advanceTo(MONDAY + 10 * MINUTE_MS);
  requestRestore(simulator.state, {}, simulator.now);
  simulator.settle();
  expect(simulator.state.phase).toBe('off');
  expect(plannedStart(simulator.state)?.at).toBe(TUESDAY);
});

test('A failed scheduled start does not disarm: the next date starts it again, out of error.', () => {
  const simulator = off(SCHEDULE);
  simulator.outcomes = ['failed'];
  expect(simulator.advanceTo(MONDAY).state.phase).toBe('error');
  expect(simulator.advanceTo(TUESDAY).state.phase).toBe('running');
});

test('A failed start by hand leaves auto-off and auto-start armed.', () => {
  const simulator = off(SCHEDULE);
  simulator.outcomes = ['failed'];
  requestBuild(simulator.state, 'start', {}, simulator.now);
  expect(simulator.advanceTo(MONDAY).state.phase).toBe('running');
  expect(simulator.advance(2 * HOUR_MS).state.history.at(-1)).toMatchObject({ cause: 'auto-off' });
});

test('A deleted workspace plans nothing, and no workspace without a schedule does.', () => {
  expect(wantedPlan(inColumn('deleted', SCHEDULE).state, NOW)).toBeNull();
  expect(wantedPlan(off().state, NOW)).toBeNull();
  expect(viewStatus(off().state).autoStart).toBeNull();
});

test('A ping counts as use for the days to come.', () => {
  const simulator = running(SCHEDULE, { autoStart: { recentUse: '1h' } });
  simulator.advanceTo(MONDAY - 30 * MINUTE_MS);
  takeSignal(simulator.state, 'ping', {}, simulator.now);
  expect(blockedBecause(simulator.state)).toBeNull();
});
