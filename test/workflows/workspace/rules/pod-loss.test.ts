import { autoOffAt } from '../../../../src/workflows/workspace/rules/auto-off';
import { requestBuild } from '../../../../src/workflows/workspace/rules/requests';
import { takeSignal } from '../../../../src/workflows/workspace/rules/signals';
import { viewBuild } from '../../../../src/workflows/workspace/rules/view/status';
import type { Simulator } from '../../../support/workflows/simulator';
import { COLUMNS, copy, HOUR_MS, inColumn, MINUTE_MS, path, refusalOf, running } from '../../../support/workflows/state-builders';

test('A lost pod is rebuilt by itself, in one entry with the cause pod-lost, at the same digest.', () => {
  const simulator = running();
  const digest = simulator.state.builds[0]?.digest;
  lose(simulator);
  simulator.settle();
  expect(path(simulator.state, 2)).toEqual(['running→building pod-lost', 'building→running build-finished']);
  expect(simulator.state.history[2]).toMatchObject({ by: 'watch', evidence: 'evicted' });
  expect(simulator.state.builds.at(-1)).toMatchObject({ number: 2, pinnedDigest: digest, digest });
});

test('Three losses in an hour are rebuilt, the fourth gives error, and the home is safe.', () => {
  const simulator = running();
  for (let losses = 1; losses <= 3; losses += 1) {
    lose(simulator);
    simulator.settle();
    expect(simulator.state.phase).toBe('running');
  }
  lose(simulator);
  simulator.settle();
  expect(path(simulator.state).at(-1)).toBe('running→error pod-lost');
  expect(simulator.state).toMatchObject({ podBuild: null, home: { identity: 'volume-1' } });
  expect(simulator.state.builds.at(-1)?.failure?.type).toBe('PodLost');
});

test('A loss more than an hour ago is forgotten.', () => {
  const simulator = running();
  for (let losses = 1; losses <= 6; losses += 1) {
    lose(simulator);
    simulator.advance(20 * MINUTE_MS + 1);
    takeSignal(simulator.state, 'ping', {}, simulator.now);
  }
  expect(simulator.state.phase).toBe('running');
});

test('Losses by the end of the host do not count, however many there are.', () => {
  const simulator = running();
  for (let losses = 1; losses <= 8; losses += 1) {
    lose(simulator, { counted: false });
    simulator.settle();
  }
  expect(simulator.state).toMatchObject({ phase: 'running', losses: [] });
});

test('A loss by the end of the host is rebuilt, also where a fourth loss gave error before.', () => {
  const simulator = running();
  for (let losses = 1; losses <= 4; losses += 1) {
    lose(simulator);
    simulator.settle();
  }
  requestBuild(simulator.state, 'start', {}, simulator.now);
  simulator.settle();
  lose(simulator, { counted: false });
  simulator.settle();
  expect(simulator.state.phase).toBe('running');
});

test('A workspace whose pod is gone and whose auto-off fell due meanwhile goes off immediately, without a last look.', () => {
  const simulator = running();
  simulator.now = (autoOffAt(simulator.state) ?? 0) + HOUR_MS;
  lose(simulator, { counted: false });
  simulator.settle();
  expect(path(simulator.state, 2)).toEqual(['running→turning-off auto-off', 'turning-off→off auto-off']);
});

test('The loss of a build that is not the newest changes nothing.', () => {
  const simulator = running();
  requestBuild(simulator.state, 'rebuild', {}, simulator.now);
  simulator.settle();
  const before = copy(simulator.state);
  lose(simulator, { build: 1 });
  expect(simulator.state).toStrictEqual(before);
});

test.each(COLUMNS.filter((column) => column !== 'running'))('In %s the loss of a pod changes nothing.', (column) => {
  const simulator = inColumn(column);
  const before = copy(simulator.state);
  lose(simulator, { build: 1 });
  expect(simulator.state).toStrictEqual(before);
});

test.each(COLUMNS)('A newer build that was found in %s is removed, and the next build takes a number above it.', (column) => {
  const simulator = inColumn(column);
  lose(simulator, { build: 1, found: 7, counted: false });
  expect(simulator.state).toMatchObject({ podBuild: 7 });
  const { phase } = simulator.state;
  simulator.settle();
  const goesOn = phase === 'building';
  expect(simulator.state.phase).toBe(
    goesOn ? 'running' : ({ deleting: 'deleted', 'turning-off': 'off' }[column as string] ?? column),
  );
  expect(simulator.state).toMatchObject({ podBuild: goesOn ? 8 : null, buildNumber: goesOn ? 8 : 7 });
});

test('A newer build that was found renumbers a start that waits.', () => {
  const simulator = inColumn('turning-off');
  requestBuild(simulator.state, 'start', {}, simulator.now);
  lose(simulator, { build: 1, found: 7, counted: false });
  simulator.settle();
  expect(simulator.state).toMatchObject({ phase: 'running', buildNumber: 8 });
  expect(simulator.state.builds.map(({ number }) => number)).toEqual([1, 8]);
  expect(refusalOf(() => viewBuild(simulator.state, 2)).message).toMatch(/replaced by build 8$/);
});

test('A build that is replaced, since a newer one was found, names its replacement.', () => {
  const simulator = inColumn('building');
  lose(simulator, { build: 1, found: 7, counted: false });
  simulator.settle();
  expect([viewBuild(simulator.state, 1).replacedBy, viewBuild(simulator.state, 8).replacedBy]).toEqual([8, undefined]);
});

test.each([
  ['no build', { reason: 'x', counted: true }],
  ['a build of text', { build: '1', reason: 'x', counted: true }],
  ['no reason', { build: 1, counted: true }],
  ['no word on counting', { build: 1, reason: 'x' }],
  ['a found build below one', { build: 1, reason: 'x', counted: true, found: 0 }],
])('A loss with %s is rejected and counted.', (_, input) => {
  const { state, now } = running();
  takeSignal(state, 'podLost', input, now);
  expect(state).toMatchObject({ phase: 'running', rejected: { count: 1, last: { name: 'podLost' } } });
});

function lose({ state, now }: Simulator, given: Record<string, unknown> = {}): void {
  takeSignal(state, 'podLost', { build: state.builds.at(-1)?.number, reason: 'evicted', counted: true, ...given }, now);
}
