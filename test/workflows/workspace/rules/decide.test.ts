import { plannedStart } from '../../../../src/workflows/workspace/rules/auto-start';
import { decide, upcoming } from '../../../../src/workflows/workspace/rules/decide';
import { beginPolicyRead, takePolicy } from '../../../../src/workflows/workspace/rules/policy-update';
import { requestBuild, requestDelete } from '../../../../src/workflows/workspace/rules/requests';
import {
  COLUMNS,
  copy,
  created,
  DAY_MS,
  HOUR_MS,
  inColumn,
  MINUTE_MS,
  off,
  policyWith,
  running,
} from '../../../support/workflows/state-builders';

const SCHEDULE = { autoStart: { time: '08:30', timeZone: 'Europe/Berlin' } };

test.each(COLUMNS)('In %s a decision changes nothing, and is the same when asked again.', (column) => {
  const { state, now } = inColumn(column, SCHEDULE);
  const before = copy(state);
  for (const later of [0, MINUTE_MS, DAY_MS, 30 * DAY_MS]) expect(decide(state, now + later)).toEqual(decide(state, now + later));
  upcoming(state);
  expect(state).toStrictEqual(before);
});

test('A workspace just created begins its build, and goes on with it.', () => {
  const simulator = created();
  expect(decide(simulator.state, simulator.now)).toEqual({ do: 'begin' });
  simulator.turn();
  expect(decide(simulator.state, simulator.now)).toEqual({ do: 'build' });
});

test('An ending is cleaned up before anything else begins.', () => {
  const simulator = inColumn('turning-off');
  requestBuild(simulator.state, 'start', {}, simulator.now);
  expect(decide(simulator.state, simulator.now)).toEqual({ do: 'clean' });
});

test.each(['off', 'error', 'deleted'] as const)('In %s a pod that should not be there is removed.', (column) => {
  const { state, now } = inColumn(column);
  state.podBuild = 1;
  expect(decide(state, now)).toEqual({ do: 'clean' });
});

test('The loop sleeps until the earliest thing it waits for, and never until a moment that has passed.', () => {
  const simulator = running({ ...SCHEDULE }, { autoOff: { after: '10m' } });
  expect(simulator.settle()).toBe(simulator.state.createdAt + 30_000);
  const since = simulator.state.since;
  simulator.advance(MINUTE_MS);
  expect(simulator.settle()).toBe(since + 10 * MINUTE_MS);
  expect(decide(simulator.state, simulator.now)).toMatchObject({
    do: 'sleep',
    summary: expect.stringMatching(/^auto-off not before 2026-03-02 06:1/),
  });
});

test('A workspace in off without a schedule waits only for the daily read of the policy.', () => {
  const { state, now } = off();
  expect(decide(state, now)).toEqual({
    do: 'sleep',
    until: state.policyDueAt,
    summary: expect.stringMatching(/^nothing is due/),
  });
  expect(upcoming(state)).toEqual([]);
});

test('A workspace with never and without a schedule has nothing coming.', () => {
  expect(upcoming(running({}, { autoOff: { after: 'never' } }).state)).toEqual([]);
});

test('In deleted the purge is decided at purgeAt, not before.', () => {
  const { state, now } = inColumn('deleted');
  state.policyDueAt = now + 365 * DAY_MS;
  const purgeAt = state.purgeAt ?? 0;
  expect(decide(state, purgeAt - 1)).toEqual({
    do: 'sleep',
    until: purgeAt,
    summary: expect.stringMatching(/^the home is purged at/),
  });
  expect(decide(state, purgeAt)).toEqual({ do: 'purge' });
});

test('Upcoming changes are listed soonest first, with what and why.', () => {
  const { state, now } = running(SCHEDULE);
  requestDelete(state, {}, now);
  expect(upcoming(state)).toEqual([{ at: now + 7 * DAY_MS, what: 'purge', because: expect.stringMatching(/deleted/) }]);
  const simulator = off(SCHEDULE);
  expect(upcoming(simulator.state)).toMatchObject([{ what: 'start' }]);
  expect(upcoming(running(SCHEDULE).state)).toMatchObject([
    { what: 'stop', at: expect.any(Number), because: expect.stringMatching(/2h/) },
  ]);
});

test('The policy is read again when that is due, and not during a build.', () => {
  const simulator = running();
  expect(decide(simulator.state, simulator.state.policyDueAt)).toEqual({ do: 'readPolicy' });
  const building = inColumn('building');
  expect(decide(building.state, building.state.policyDueAt + HOUR_MS)).toEqual({ do: 'build' });
});

test('A workspace that is off reads the policy before it starts by its schedule, and goes by it.', () => {
  const simulator = off({ autoStart: { time: '08:30', timeZone: 'UTC' } });
  const { state } = simulator;
  simulator.settle();
  const start = plannedStart(state);
  if (!start) throw new Error('there is no planned start');
  state.policyDueAt = start.at;
  expect(decide(state, start.beginsAt - 1)).toMatchObject({ do: 'sleep', until: start.beginsAt });
  expect(decide(state, start.beginsAt)).toEqual({ do: 'readPolicy' });
  beginPolicyRead(state, start.beginsAt);
  expect(decide(state, start.beginsAt + 1)).toMatchObject({ do: 'sleep', until: start.beginsAt + 10_000 });
  const unanswered = copy(state);
  expect(decide(unanswered, start.beginsAt + 10_000)).toEqual({ do: 'autoStart', at: start.at });
  const forbidding = copy(state);
  takePolicy(forbidding, policyWith({ autoStart: { recentUse: '1m' } }, 2), start.beginsAt + 1);
  expect(decide(forbidding, start.beginsAt + 1)).toMatchObject({ do: 'sleep', until: start.at });
  expect(decide(forbidding, start.at)).toMatchObject({ do: 'skipDate', because: expect.stringContaining('recentUse') });
  takePolicy(state, policyWith({}, 2), start.beginsAt + 1);
  expect(decide(state, start.beginsAt + 1)).toEqual({ do: 'autoStart', at: start.at });
});
