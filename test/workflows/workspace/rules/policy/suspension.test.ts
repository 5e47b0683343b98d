import { asPushedPolicy } from '../../../../../src/workflows/organization/rules/known-policy';
import { takePolicy } from '../../../../../src/workflows/workspace/rules/policy-update';
import { requestBuild, requestDelete, requestRestore, requestStop } from '../../../../../src/workflows/workspace/rules/requests';
import { takeSignal } from '../../../../../src/workflows/workspace/rules/signals';
import { viewExplain } from '../../../../../src/workflows/workspace/rules/view/explain';
import { viewStatus } from '../../../../../src/workflows/workspace/rules/view/status';
import type { Simulator } from '../../../../support/workflows/simulator';
import {
  COLUMNS,
  copy,
  created,
  DAY_MS,
  HOUR_MS,
  inColumn,
  off,
  path,
  policyWith,
  refusalOf,
  running,
} from '../../../../support/workflows/state-builders';

const SUSPENDED = policyWith({ suspendedOwners: ['bob', 'ada'] }, 2);
const AUTO_START = { time: '08:30', timeZone: 'Europe/Berlin' };

/** The policy reaches the workspace by a push. */
function suspend(simulator: Simulator): Simulator {
  simulator.policy = SUSPENDED;
  takeSignal(simulator.state, 'policyChanged', { policy: SUSPENDED }, simulator.now);
  return simulator;
}

test('A running workspace of a suspended owner stops, with the cause policy, its rule, and why.', () => {
  const simulator = suspend(running());
  expect(simulator.state.phase).toBe('turning-off');
  simulator.settle();
  expect(path(simulator.state).slice(-2)).toEqual(['running→turning-off policy', 'turning-off→off policy']);
  expect(simulator.state.history.at(-1)).toMatchObject({
    by: null,
    rule: 'policy version 2: suspendedOwners',
    evidence: 'the organization default has suspended ada',
  });
  const { why, wouldChange } = viewExplain(simulator.state, simulator.now);
  expect(why).toContain("the organization's policy requires it [the organization default has suspended ada]");
  expect(wouldChange).toContain('Nothing starts while the organization default has suspended ada.');
});

test.each(COLUMNS)('In %s a suspension leaves nothing that runs or waits, and the home stays.', (column) => {
  const simulator = inColumn(column);
  const { phase } = simulator.state;
  const home = copy(simulator.state.home);
  suspend(simulator).settle();
  const expected = { deleting: 'deleted', deleted: 'deleted', error: 'error' }[column as string] ?? 'off';
  expect(simulator.state).toMatchObject({ phase: expected, next: null, podBuild: null, home });
  const isUp = phase === 'running' || phase === 'building';
  expect(simulator.state.history.at(-1)?.cause === 'policy').toBe(isUp);
});

test('A build that is superseded when its owner is suspended ends in off, and the queued one never begins.', () => {
  const simulator = inColumn('building');
  requestBuild(simulator.state, 'rebuild', { image: 'starter:2' }, simulator.now);
  suspend(simulator).settle();
  expect(simulator.state).toMatchObject({ phase: 'off', next: null });
  expect(path(simulator.state).at(-1)).toBe('turning-off→off policy');
});

test('A start that waits for the end of a stop is taken back by a suspension.', () => {
  const simulator = inColumn('turning-off');
  requestBuild(simulator.state, 'start', {}, simulator.now);
  suspend(simulator).settle();
  expect(viewStatus(simulator.state)).toMatchObject({ state: 'off', build: { number: 1 } });
});

test.each(['start', 'rebuild'] as const)(
  'A suspended owner cannot %s by hand: NotAllowed, in a sentence that says why.',
  (name) => {
    const simulator = suspend(off());
    expect(refusalOf(() => requestBuild(simulator.state, name, { by: 'ada' }, simulator.now))).toMatchObject({
      type: 'NotAllowed',
      message: `${name}: expected an owner who is not suspended; the organization default has suspended ada`,
    });
    takeSignal(simulator.state, name, {}, simulator.now);
    expect(viewStatus(simulator.state)).toMatchObject({ state: 'off', rejected: { count: 1, last: { name } } });
  },
);

test('A suspended owner may stop, delete, and restore.', () => {
  const simulator = suspend(running());
  expect(requestStop(simulator.state, 'stop', {}, simulator.now).outcome).toBe('merged');
  simulator.settle();
  expect(requestDelete(simulator.state, {}, simulator.now).outcome).toBe('accepted');
  expect(requestRestore(simulator.state, {}, simulator.now)).toMatchObject({ outcome: 'accepted', state: 'off' });
});

test('The schedule of a suspended owner starts nothing and says why, and starts again when the suspension ends.', () => {
  const simulator = suspend(off({ autoStart: AUTO_START }));
  simulator.settle();
  expect(viewStatus(simulator.state).autoStart).toMatchObject({ blockedBecause: 'the organization default has suspended ada' });
  expect(viewExplain(simulator.state, simulator.now).next).toEqual([]);
  simulator.advance(2 * DAY_MS);
  expect(viewStatus(simulator.state)).toMatchObject({ state: 'off', build: { number: 1 } });
  simulator.policy = policyWith({}, 3);
  takePolicy(simulator.state, simulator.policy, simulator.now);
  simulator.advance(DAY_MS);
  expect(viewStatus(simulator.state)).toMatchObject({ build: { number: 2, cause: 'auto-start' } });
});

test('A scheduled build whose admit finds the owner suspended, and a new workspace of a suspended owner, are in error.', () => {
  const isRefused = {
    state: 'error',
    build: { failure: { type: 'NotAllowed', step: 'admit', message: expect.stringContaining('has suspended ada') } },
  };
  const late = off({ autoStart: AUTO_START });
  late.advance(HOUR_MS);
  requestBuild(late.state, 'start', {}, late.now);
  late.policy = SUSPENDED;
  late.settle();
  expect(viewStatus(late.state)).toMatchObject(isRefused);

  const fresh = created({}, { suspendedOwners: ['ada'] });
  fresh.settle();
  expect(viewStatus(fresh.state)).toMatchObject(isRefused);
  expect(fresh.state).toMatchObject({ home: null, homeMayExist: false, podBuild: null });
});

test('A workspace keeps of the suspended owners at most its own.', () => {
  const { state } = suspend(running());
  expect(state.policy?.suspendedOwners).toEqual(['ada']);
  const other = suspend(running({ owner: 'eve' }));
  expect(other.state).toMatchObject({ phase: 'running', policy: { version: 2, suspendedOwners: [] } });
  expect(asPushedPolicy({ policy: SUSPENDED }).suspendedOwners).toEqual(['bob', 'ada']);
});
