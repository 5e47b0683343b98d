import fc from 'fast-check';
import { autoOffAt, autoOffThreshold, takeLastLook, trackDue } from '../../../../src/workflows/workspace/rules/auto-off';
import { requestConfigure } from '../../../../src/workflows/workspace/rules/configure';
import { decide, upcoming } from '../../../../src/workflows/workspace/rules/decide';
import { takePolicy } from '../../../../src/workflows/workspace/rules/policy-update';
import { requestBuild } from '../../../../src/workflows/workspace/rules/requests';
import { takeSignal } from '../../../../src/workflows/workspace/rules/signals';
import { enter, queueBuild } from '../../../../src/workflows/workspace/rules/transition';
import { viewExplain } from '../../../../src/workflows/workspace/rules/view/explain';
import { viewStatus } from '../../../../src/workflows/workspace/rules/view/status';
import type { Simulator } from '../../../support/workflows/simulator';
import {
  copy,
  HOUR_MS,
  MINUTE_MS,
  path,
  policyWith,
  refusalOf,
  running,
  SECOND_MS,
} from '../../../support/workflows/state-builders';

const OWN = { autoOff: { userControlled: true } };

test('A workspace without access is stopped at the threshold, never before, in two entries with the same cause.', () => {
  const simulator = running();
  const since = simulator.state.since;
  simulator.advanceTo(since + 2 * HOUR_MS - 1);
  expect(simulator.state.phase).toBe('running');
  simulator.advance(1);
  expect(path(simulator.state, 2)).toEqual(['running→turning-off auto-off', 'turning-off→off auto-off']);
  expect(simulator.state.history[2]).toMatchObject({ at: since + 2 * HOUR_MS, by: 'inactivity' });
});

test('Whatever is pinged and when, the stop comes exactly one threshold after the last access.', () => {
  const pings = fc.array(fc.integer({ min: 1, max: 119 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(pings, (minutes) => {
      const simulator = running();
      for (const gap of minutes) ping(simulator.advance(gap * MINUTE_MS));
      const lastAt = simulator.now;
      expect(simulator.advance(2 * HOUR_MS - 1).state.phase).toBe('running');
      expect(simulator.advance(1).state.history.at(-1)).toMatchObject({ cause: 'auto-off', at: lastAt + 2 * HOUR_MS });
    }),
    { numRuns: 30 },
  );
});

test('A ping in the future counts as now, one in the past only where it is newer than the last.', () => {
  const simulator = running().advance(MINUTE_MS);
  const { state, now } = simulator;
  takeSignal(state, 'ping', { at: new Date(now + HOUR_MS).toISOString(), via: 'ssh' }, now);
  expect(state.lastAccess).toEqual({ at: now, via: 'ssh' });
  takeSignal(state, 'ping', { at: new Date(now - 1).toISOString(), via: 'web' }, now);
  expect(state.lastAccess).toEqual({ at: now, via: 'ssh' });
});

test('A ping taken just before the stop is decided prevents it.', () => {
  const simulator = running();
  simulator.state.policyDueAt = simulator.now + 24 * HOUR_MS;
  simulator.now = simulator.state.since + 2 * HOUR_MS;
  expect(simulator.turn().do).toBe('lastLook');
  ping(simulator);
  expect(simulator.turn()).toMatchObject({ do: 'sleep' });
  expect(autoOffAt(simulator.state)).toBe(simulator.now + 2 * HOUR_MS);
});

test('A ping arms no timer: it moves nothing but the last access.', () => {
  const { state, now } = running();
  const before = copy(state);
  takeSignal(state, 'ping', {}, now + 1);
  expect(state).toStrictEqual({ ...before, lastAccess: { at: now + 1, via: 'api' } });
});

test('Becoming running starts the window afresh after a rebuild by hand.', () => {
  const simulator = running().advance(HOUR_MS);
  requestBuild(simulator.state, 'rebuild', {}, simulator.now);
  simulator.settle();
  expect(autoOffAt(simulator.state)).toBe(simulator.state.since + 2 * HOUR_MS);
});

test.each([
  ['ten minutes are left where less of the old window is', 115, (entry: number) => entry + 10 * MINUTE_MS],
  ['the old window stays where more of it is left', 60, (_: number, opened: number) => opened + 2 * HOUR_MS],
])('After a lost pod %s.', (_, minutes, expected) => {
  const simulator = running();
  const opened = simulator.state.since;
  simulator.advanceTo(opened + minutes * MINUTE_MS);
  takeSignal(simulator.state, 'podLost', { build: 1, reason: 'evicted', counted: true }, simulator.now);
  simulator.settle();
  expect(autoOffAt(simulator.state)).toBe(expected(simulator.state.since, opened));
});

test('After a forced rebuild the old window stays, with at least ten minutes left.', () => {
  const simulator = running();
  const opened = simulator.state.since;
  simulator.advance(HOUR_MS);
  const because = { cause: 'forced-rebuild', by: 'root', rule: null, evidence: null } as const;
  queueBuild(simulator.state, because);
  enter(simulator.state, 'building', because, simulator.now);
  simulator.settle();
  expect(autoOffAt(simulator.state)).toBe(opened + 2 * HOUR_MS);
});

test.each([
  ['policy', (s: Simulator) => takePolicy(s.state, policyWith({ autoOff: { after: '1m', userControlled: true } }, 2), s.now)],
  ['override', (s: Simulator) => requestConfigure(s.state, { autoOff: { after: '1m' } }, s.now)],
])('A threshold made shorter by %s stops nothing sooner than 60 s after the change.', (_, shorten) => {
  const simulator = running({}, OWN).advance(HOUR_MS);
  shorten(simulator);
  const changedAt = simulator.now;
  expect(autoOffAt(simulator.state)).toBe(changedAt + 60 * SECOND_MS);
  expect(simulator.advance(60 * SECOND_MS - 1).state.phase).toBe('running');
  expect(simulator.advance(1).state.phase).toBe('off');
});

test('From never to a threshold long past, the stop still comes no sooner than 60 s after the change.', () => {
  const simulator = running({}, { autoOff: { after: 'never' } }).advance(9 * HOUR_MS);
  expect(autoOffAt(simulator.state)).toBeNull();
  takePolicy(simulator.state, policyWith({ autoOff: { after: '1h' } }, 2), simulator.now);
  expect(autoOffAt(simulator.state)).toBe(simulator.now + 60 * SECOND_MS);
});

test('A threshold made longer takes effect immediately.', () => {
  const simulator = running().advance(HOUR_MS);
  takePolicy(simulator.state, policyWith({ autoOff: { after: '8h' } }, 2), simulator.now);
  expect(autoOffAt(simulator.state)).toBe(simulator.state.since + 8 * HOUR_MS);
});

test('With never nothing is stopped, and explain says so.', () => {
  const simulator = running({}, { autoOff: { after: 'never' } }).advance(90 * 24 * HOUR_MS);
  expect(simulator.state.phase).toBe('running');
  expect(viewStatus(simulator.state).autoOff).toMatchObject({ at: null, after: 'never', source: 'organization' });
  expect(viewExplain(simulator.state, simulator.now).wouldChange.join()).toMatch(/never/);
});

test('Without an answered last look there is no stop, and explain says what it waits for.', () => {
  const { state } = running();
  state.policyDueAt = state.since + 24 * HOUR_MS;
  const due = state.since + 2 * HOUR_MS;
  for (const now of [due, due + 4 * SECOND_MS, due + HOUR_MS]) {
    trackDue(state, now);
    expect(decide(state, now)).toEqual({ do: 'lastLook', offAt: due });
    expect(viewExplain(state, now).why).toMatch(/put off until the runtime reports/);
  }
});

test('Input that the last look finds counts as access via terminal, and puts the stop off.', () => {
  const simulator = running();
  const due = simulator.state.since + 2 * HOUR_MS;
  simulator.lastInputAt = due - MINUTE_MS;
  simulator.advanceTo(due);
  expect(simulator.state).toMatchObject({ phase: 'running', lastAccess: { at: due - MINUTE_MS, via: 'terminal' } });
  expect(autoOffAt(simulator.state)).toBe(due - MINUTE_MS + 2 * HOUR_MS);
});

test.each([
  [31 * SECOND_MS, 2 * MINUTE_MS],
  [30 * SECOND_MS, 0],
])(
  'A stop whose last look was answered after %d ms is decided %d ms after the answer, and no sooner.',
  (answeredAfterMs, laterMs) => {
    const simulator = running();
    const due = simulator.state.since + 2 * HOUR_MS;
    simulator.state.policyDueAt = due + 24 * HOUR_MS;
    simulator.now = due;
    trackDue(simulator.state, due);
    expect(decide(simulator.state, due)).toEqual({ do: 'lastLook', offAt: due });
    simulator.now = due + answeredAfterMs;
    takeLastLook(simulator.state, { offAt: due, lastInputAt: null }, simulator.now);
    if (laterMs > 0) {
      expect(simulator.settle()).toBe(simulator.now + laterMs);
      expect(viewExplain(simulator.state, simulator.now).why).toMatch(/outage/);
      expect(simulator.advance(laterMs - 1).state.phase).toBe('running');
      simulator.now += 1;
    }
    simulator.settle();
    expect(simulator.state.phase).toBe('off');
  },
);

test('A stop that comes up more than 30 s late is decided no sooner than 2 minutes later, and explain says so.', () => {
  const simulator = running();
  const due = simulator.state.since + 2 * HOUR_MS;
  simulator.now = due + 31 * SECOND_MS;
  const graceEnd = simulator.now + 2 * MINUTE_MS;
  expect(simulator.settle()).toBe(graceEnd);
  expect(viewExplain(simulator.state, simulator.now).why).toMatch(/outage/);
  expect(upcoming(simulator.state)[0]).toMatchObject({ what: 'stop', at: graceEnd });
  expect(viewStatus(simulator.state).autoOff.at).toBe(new Date(graceEnd).toISOString());
});

test('After an outage a ping in the two minutes prevents the stop, and without one it comes at their end.', () => {
  const [pinged, quiet] = [running(), running()];
  for (const simulator of [pinged, quiet]) {
    simulator.now = simulator.state.since + 3 * HOUR_MS;
    simulator.settle();
  }
  ping(pinged.advance(MINUTE_MS));
  expect(pinged.advance(HOUR_MS).state.phase).toBe('running');
  expect(quiet.advance(2 * MINUTE_MS - 1).state.phase).toBe('running');
  expect(quiet.advance(1).state.phase).toBe('off');
});

test('A threshold made shorter in the two minutes after an outage does not shorten them.', () => {
  const simulator = running();
  simulator.now = simulator.state.since + 3 * HOUR_MS;
  const graceEnd = simulator.now + 2 * MINUTE_MS;
  simulator.settle();
  takePolicy(simulator.advance(10 * SECOND_MS).state, policyWith({ autoOff: { after: '1h' } }, 2), simulator.now);
  expect(simulator.advanceTo(graceEnd - 1).state.phase).toBe('running');
});

test('A stop that comes up 30 s late or less is decided at once.', () => {
  const simulator = running();
  simulator.now = simulator.state.since + 2 * HOUR_MS + 30 * SECOND_MS;
  simulator.settle();
  expect(simulator.state).toMatchObject({ phase: 'off' });
});

test('An own threshold is refused while the organization does not let workspaces set it, and its clearing is not.', () => {
  const { state, now } = running();
  const before = copy(state);
  expect(refusalOf(() => requestConfigure(state, { autoOff: { after: '1h' } }, now)).type).toBe('NotAllowed');
  expect(state).toStrictEqual(before);
  requestConfigure(state, { autoOff: null }, now);
});

test('An own threshold sleeps while userControlled is taken away, and wakes with it.', () => {
  const simulator = running({ autoOff: { after: '8h' } }, OWN);
  const { state } = simulator;
  expect(autoOffThreshold(state)).toEqual({ after: '8h', source: 'workspace' });
  takePolicy(state, policyWith({ autoOff: { userControlled: false } }, 2), simulator.now);
  expect(autoOffThreshold(state)).toEqual({ after: '2h', source: 'organization' });
  expect(viewStatus(state).autoOff).toMatchObject({ after: '2h', source: 'organization' });
  takePolicy(state, policyWith(OWN, 3), simulator.now);
  expect(autoOffThreshold(state)).toEqual({ after: '8h', source: 'workspace' });
});

test('Taken away, userControlled stops no workspace that ran on its own threshold sooner than 60 s after.', () => {
  const simulator = running({ autoOff: { after: '8h' } }, OWN).advance(5 * HOUR_MS);
  takePolicy(simulator.state, policyWith({}, 2), simulator.now);
  expect(autoOffAt(simulator.state)).toBe(simulator.now + 60 * SECOND_MS);
});

function ping({ state, now }: Simulator): void {
  takeSignal(state, 'ping', {}, now);
}
