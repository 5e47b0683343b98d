import type { ForceRebuildInput, RequiredInput } from '../../../../../src/contract/internal/campaign';
import { autoOffAt, recordAccess } from '../../../../../src/workflows/workspace/rules/auto-off';
import { requestForcedRebuild, takeRequired } from '../../../../../src/workflows/workspace/rules/campaign/forced-rebuild';
import { requestBuild } from '../../../../../src/workflows/workspace/rules/requests';
import { takeSignal } from '../../../../../src/workflows/workspace/rules/signals';
import type { State } from '../../../../../src/workflows/workspace/rules/state';
import { viewExplain } from '../../../../../src/workflows/workspace/rules/view/explain';
import { viewStatus } from '../../../../../src/workflows/workspace/rules/view/status';
import {
  COLUMNS,
  copy,
  HOUR_MS,
  inColumn,
  MINUTE_MS,
  off,
  path,
  refusalOf,
  running,
} from '../../../../support/workflows/state-builders';

const REQUEST = { campaign: 'default/patch', key: 'run-1', by: 'root', reason: 'a patch', image: 'starter:2' };
const force = (state: State, now: number, change: Partial<ForceRebuildInput> = {}) =>
  requestForcedRebuild(state, { ...REQUEST, organization: 'default', waitsUntil: null, ...change }, now);
const require = (state: State, kind: RequiredInput['kind'], change: Partial<RequiredInput> = {}) =>
  takeRequired(state, { ...REQUEST, kind, rebuildAt: null, ...change });

test('A forced rebuild of a running workspace is one entry of the history with who and why, and brings the image.', () => {
  const simulator = running({ image: 'starter:1' });
  const { state } = simulator;
  const before = state.history.length;
  expect(force(state, simulator.now).build).toBe(2);
  simulator.settle();
  expect(path(state, before)).toEqual(['running→building forced-rebuild', 'building→running build-finished']);
  expect(state.history[before]).toMatchObject({ by: 'root', rule: 'campaign default/patch', evidence: 'a patch' });
  expect(viewStatus(state)).toMatchObject({ image: { reference: 'starter:2' }, build: { number: 2, cause: 'forced-rebuild' } });
});

test('However often one campaign asks, it rebuilds once, also after a hand-over; another campaign rebuilds again.', () => {
  const simulator = running();
  expect(force(simulator.state, simulator.now).build).toBe(2);
  expect(force(simulator.state, simulator.now).build).toBe(2);
  simulator.settle();
  simulator.handOver();
  expect(force(simulator.state, simulator.now).build).toBe(2);
  expect(simulator.state.phase).toBe('running');
  expect(force(simulator.state, simulator.now, { key: 'run-2' }).build).toBe(3);
});

test.each(COLUMNS.filter((column) => column !== 'running'))('A workspace that is %s is not rebuilt.', (column) => {
  const simulator = inColumn(column);
  const before = copy(simulator.state);
  expect(force(simulator.state, simulator.now).build).toBeNull();
  expect(simulator.state).toEqual(before);
});

test('While one campaign rebuilds, the other does not, and learns why.', () => {
  const simulator = running();
  force(simulator.state, simulator.now);
  const answer = force(simulator.state, simulator.now, { key: 'run-2' });
  expect(answer).toEqual({ build: null, facts: expect.objectContaining({ state: 'building', isForced: true }) });
});

test('A workspace in use is rebuilt only after the patience of the campaign has run out.', () => {
  const simulator = running();
  const { state, now } = simulator;
  recordAccess(state, { at: now, via: 'ssh' }, now);
  expect(force(state, now).build).toBeNull();
  expect(force(state, now, { waitsUntil: now + 1 }).build).toBeNull();
  expect(force(state, now, { waitsUntil: now }).build).toBe(2);
});

test("Another organization's workspace is not rebuilt.", () => {
  const simulator = running();
  expect(force(simulator.state, simulator.now, { organization: 'other' }).build).toBeNull();
});

test('An image or a resource that the policy does not allow is refused, and changes nothing.', () => {
  const simulator = running();
  const { state } = simulator;
  if (state.policy) state.policy.resources.max = { cpu: '500m' };
  const before = copy(state);
  expect(refusalOf(() => force(state, simulator.now)).type).toBe('NotAllowed');
  expect(state).toEqual(before);
});

test('After a forced rebuild the old window of inactivity stays, with at least ten minutes left.', () => {
  const simulator = running({}, { autoOff: { after: '2h' } });
  const { state } = simulator;
  const before = autoOffAt(state);
  force(state, simulator.now);
  simulator.settle();
  expect(autoOffAt(state)).toBe(before);
  simulator.now = (before ?? 0) - MINUTE_MS;
  force(state, simulator.now, { key: 'run-2' });
  simulator.settle();
  expect(autoOffAt(state)).toBeGreaterThanOrEqual(simulator.now + 9 * MINUTE_MS);
  expect(autoOffAt(state)).toBeLessThan((before ?? 0) + HOUR_MS);
});

test('A mark shows in rebuildRequired, and the next start brings the image and clears it.', () => {
  const simulator = off({ image: 'starter:1' });
  const { state } = simulator;
  require(state, 'mark');
  expect(viewStatus(state)).toMatchObject({
    state: 'off',
    image: { reference: 'starter:2' },
    rebuildRequired: 'campaign default/patch (by root) requires a rebuild with image starter:2: a patch',
  });
  requestBuild(state, 'start', { by: 'ada' }, simulator.now);
  simulator.settle();
  expect(viewStatus(state)).toMatchObject({ build: { image: { reference: 'starter:2' } }, rebuildRequired: null });
  require(state, 'mark');
  expect(viewStatus(state).rebuildRequired).toBeNull();
});

test('An announcement says that a rebuild is coming, why, and when; it changes nothing, and can be taken back.', () => {
  const simulator = running();
  const { state, now } = simulator;
  const rebuildAt = now + 15 * MINUTE_MS;
  require(state, 'announce', { rebuildAt });
  const at = new Date(rebuildAt).toISOString();
  const { why, next, wouldChange } = viewExplain(state, now);
  expect(next[0]).toMatchObject({
    at,
    what: 'rebuild',
    because: expect.stringContaining('campaign default/patch (by root): a patch'),
  });
  expect(why).toContain(`a rebuild is coming at ${at}`);
  expect(wouldChange.join(' ')).toContain('a patch');
  expect(viewStatus(state)).toMatchObject({ image: { reference: 'starter:1' }, rebuildRequired: expect.stringContaining(at) });
  require(state, 'withdraw', { key: 'run-2' });
  expect(viewExplain(state, now).next[0]?.what).toBe('rebuild');
  require(state, 'withdraw');
  expect([viewExplain(state, now).next[0]?.what, viewStatus(state).rebuildRequired]).toEqual(['stop', null]);
});

test('An announcement that is not repeated ends, as when its campaign was terminated; a repeated one stays.', () => {
  const simulator = running({}, { autoOff: { after: 'never' } });
  const rebuildAt = simulator.now + 15 * MINUTE_MS;
  const isAnnounced = () => [
    viewExplain(simulator.state, simulator.now).next.some(({ what }) => what === 'rebuild'),
    viewStatus(simulator.state).rebuildRequired !== null,
  ];
  require(simulator.state, 'announce', { rebuildAt, endsAt: simulator.now + HOUR_MS });
  simulator.advance(59 * MINUTE_MS);
  expect(isAnnounced()).toEqual([true, true]);
  require(simulator.state, 'announce', { rebuildAt, endsAt: simulator.now + HOUR_MS });
  simulator.advance(59 * MINUTE_MS);
  expect(isAnnounced()).toEqual([true, true]);
  simulator.handOver();
  simulator.advance(2 * MINUTE_MS);
  expect([isAnnounced(), simulator.state.phase]).toEqual([[false, false], 'running']);
});

test('A late announcement of a campaign that has rebuilt the workspace has no effect.', () => {
  const simulator = running();
  force(simulator.state, simulator.now);
  simulator.settle();
  require(simulator.state, 'announce', { rebuildAt: simulator.now + 1 });
  expect(viewStatus(simulator.state).rebuildRequired).toBeNull();
});

test.each([
  {},
  { kind: 'mark' },
  { ...REQUEST, kind: 'announce' },
  { ...REQUEST, kind: 'x' },
  { ...REQUEST, kind: 'mark', image: 'A B' },
])('A malformed requirement is counted: %j.', (input) => {
  const simulator = off();
  takeSignal(simulator.state, 'required', input, simulator.now);
  expect(simulator.state.rejected).toMatchObject({ count: 1, last: { name: 'required' } });
  expect(viewStatus(simulator.state).rebuildRequired).toBeNull();
});
