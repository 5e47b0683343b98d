/** Equal builds and paths of docs/messages.md: what a request leads to, entry by entry of the history. */
import { requestBuild, requestDelete, requestRestore, requestStop } from '../../../../src/workflows/workspace/rules/requests';
import { currentBuild } from '../../../../src/workflows/workspace/rules/state';
import { viewStatus } from '../../../../src/workflows/workspace/rules/view/status';
import { COLUMNS, DAY_MS, inColumn, path } from '../../../support/workflows/state-builders';

test('The first entry is created, off to building, by who asked; a build that finishes is the second.', () => {
  const { state } = inColumn('running', { by: 'ada' });
  expect(path(state)).toEqual(['off→building created', 'building→running build-finished']);
  expect(state.history[0]).toMatchObject({ by: 'ada' });
});

test.each([
  ['stop', 'off', 'manual-stop'],
  ['cancelBuild', 'off', 'build-cancelled'],
  ['delete', 'deleted', 'delete'],
] as const)('A %s taken while building turns off first and leads to %s, both entries with the cause %s.', (name, to, cause) => {
  const simulator = inColumn('building');
  const { state, now } = simulator;
  if (name === 'delete') requestDelete(state, { by: 'ada' }, now);
  else requestStop(state, name, { by: 'ada' }, now);
  expect(state.podBuild).toBeNull();
  simulator.settle();
  expect(path(state, 1)).toEqual([`building→turning-off ${cause}`, `turning-off→${to} ${cause}`]);
  expect(state.history.slice(1)).toMatchObject([{ by: 'ada' }, { by: 'ada' }]);
  expect(currentBuild(state)).toBeNull();
  expect(state.builds[0]?.steps.map((step) => step.state)).toContain('cancelled');
});

test('A stop in running is two entries with the same cause.', () => {
  const simulator = inColumn('running');
  requestStop(simulator.state, 'stop', { by: 'ada', reason: 'lunch' }, simulator.now);
  simulator.settle();
  expect(path(simulator.state, 2)).toEqual(['running→turning-off manual-stop', 'turning-off→off manual-stop']);
  expect(simulator.state.history[2]).toMatchObject({ by: 'ada', evidence: 'lunch' });
});

test('A stop in error goes off in one entry of the history.', () => {
  const { state, now } = inColumn('error');
  requestStop(state, 'stop', {}, now);
  expect(path(state, 1)).toEqual(['building→error build-failed', 'error→off manual-stop']);
});

test.each(['off', 'error'] as const)('A delete from %s is one entry of the history.', (column) => {
  const { state, now } = inColumn(column);
  const { length } = state.history;
  requestDelete(state, {}, now);
  expect(path(state, length)).toEqual([`${column}→deleted delete`]);
});

test('A rebuild in running is one entry, running to building, and the build takes the next number.', () => {
  const simulator = inColumn('running');
  requestBuild(simulator.state, 'rebuild', { by: 'ada' }, simulator.now);
  simulator.settle();
  expect(path(simulator.state, 2)).toEqual(['running→building manual-rebuild', 'building→running build-finished']);
  expect(simulator.state.builds.map(({ number }) => number)).toEqual([1, 2]);
});

test('A superseded build stays building until it is cleaned up, then off, then building.', () => {
  const simulator = inColumn('building');
  const { state, now } = simulator;
  const answer = requestBuild(state, 'rebuild', { image: 'starter:2', by: 'eve', reason: 'new' }, now);
  expect(answer).toEqual({ outcome: 'accepted', state: 'building', build: 2 });
  simulator.settle();
  expect(path(state, 1)).toEqual([
    'building→off build-cancelled',
    'off→building manual-rebuild',
    'building→running build-finished',
  ]);
  expect(state.history[1]?.evidence).toMatch(/eve/);
  expect(viewStatus(state)).toMatchObject({ image: { reference: 'starter:2' }, build: { number: 2 } });
});

test.each([
  ['the same image', { image: 'starter:1' }],
  ['nothing at all', {}],
  ['the resources that it has anyway', { resources: { cpu: '1' } }],
  ['the resources that it has, in another writing', { resources: { cpu: '1000m', memory: '2048Mi' } }],
  ['the same env in another order', { env: { B: '2', A: '1' } }],
])('A rebuild in building is merged when it asks for %s.', (_, input) => {
  const { state, now } = inColumn('building', { env: { A: '1', B: '2' } });
  expect(requestBuild(state, 'rebuild', input, now)).toEqual({ outcome: 'merged', state: 'building', build: 1 });
});

test.each([
  ['image', { image: 'starter:2' }],
  ['resources', { resources: { cpu: '2' } }],
  ['env', { env: {} }],
])('A rebuild in building supersedes when it asks for another %s.', (_, input) => {
  const { state, now } = inColumn('building', { env: { A: '1' } });
  expect(requestBuild(state, 'rebuild', input, now)).toEqual({ outcome: 'accepted', state: 'building', build: 2 });
});

test('A start in off answers building, and a second one is merged into the same build.', () => {
  const { state, now } = inColumn('off');
  expect(requestBuild(state, 'start', {}, now)).toEqual({ outcome: 'accepted', state: 'building', build: 2 });
  expect(requestBuild(state, 'start', {}, now)).toEqual({ outcome: 'merged', state: 'building', build: 2 });
});

test.each(['start', 'rebuild'] as const)('A %s while turning off waits until it is off, then builds.', (name) => {
  const simulator = inColumn('turning-off');
  const { build } = requestBuild(simulator.state, name, {}, simulator.now);
  const since = simulator.state.history.length;
  simulator.settle();
  expect(path(simulator.state, since)).toEqual([
    'turning-off→off manual-stop',
    `off→building manual-${name}`,
    'building→running build-finished',
  ]);
  expect(simulator.state.builds.at(-1)?.number).toBe(build);
});

test('A stop while turning off takes back a waiting start, and its number is not given out again.', () => {
  const simulator = inColumn('turning-off');
  const { state, now } = simulator;
  const waiting = requestBuild(state, 'start', {}, now);
  expect(requestStop(state, 'stop', {}, now)).toEqual({ outcome: 'merged', state: 'turning-off', build: null });
  simulator.settle();
  expect(state.phase).toBe('off');
  expect(requestBuild(state, 'start', {}, simulator.now).build).toBeGreaterThan(waiting.build ?? 0);
});

test('A delete while turning off redirects it to deleted and takes back a waiting start.', () => {
  const simulator = inColumn('turning-off');
  const { state, now } = simulator;
  requestBuild(state, 'start', {}, now);
  requestDelete(state, {}, now);
  simulator.settle();
  expect(path(state, 3)).toEqual(['turning-off→deleted delete']);
});

test('A restore while turning off to deleted leads to off, and clears purgeAt.', () => {
  const simulator = inColumn('deleting');
  expect(requestRestore(simulator.state, {}, simulator.now)).toEqual({ outcome: 'accepted', state: 'turning-off', build: null });
  expect(simulator.state.purgeAt).toBeNull();
  simulator.settle();
  expect(path(simulator.state, 2)).toEqual(['running→turning-off delete', 'turning-off→off restore']);
});

test('A restore in deleted is one entry, and the workspace can be started again.', () => {
  const { state, now } = inColumn('deleted');
  const { length } = state.history;
  requestRestore(state, { by: 'ada' }, now);
  expect(path(state, length)).toEqual(['deleted→off restore']);
  expect(state.purgeAt).toBeNull();
  expect(requestBuild(state, 'start', {}, now).outcome).toBe('accepted');
});

test('A deleted workspace keeps its home until purgeAt, is purged then, and ends.', () => {
  const simulator = inColumn('deleted');
  simulator.advance(7 * DAY_MS - 1);
  expect(simulator.state).toMatchObject({ phase: 'deleted', home: { identity: 'volume-1' } });
  simulator.advance(1);
  expect(simulator.state).toMatchObject({ phase: 'purged', home: null });
  expect(path(simulator.state).at(-1)).toBe('deleted→purged purge');
});

test.each(COLUMNS)('From %s a delete with purge ends the workspace without waiting.', (column) => {
  const simulator = inColumn(column);
  requestDelete(simulator.state, { purge: true }, simulator.now);
  expect(simulator.settle()).toBeNull();
});

test('A build that fails leads to error, keeps the home, and names the step.', () => {
  const { state } = inColumn('error');
  expect(path(state, 1)).toEqual(['building→error build-failed']);
  expect(state).toMatchObject({ podBuild: null, home: { identity: 'volume-1' } });
  expect(viewStatus(state).build).toMatchObject({ failure: { type: 'ImageInvalid', step: 'start-pod' } });
});
