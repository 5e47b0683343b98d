import { failStep } from '../../../../src/workflows/workspace/rules/build-steps';
import { requestBuild } from '../../../../src/workflows/workspace/rules/requests';
import { type BuildRecord, currentBuild, type StepRecord } from '../../../../src/workflows/workspace/rules/state';
import { KEPT_BUILDS, KEPT_HISTORY } from '../../../../src/workflows/workspace/rules/state-limits';
import { enter, queueBuild } from '../../../../src/workflows/workspace/rules/transition';
import { viewBuild, viewStatus } from '../../../../src/workflows/workspace/rules/view/status';
import type { Simulator } from '../../../support/workflows/simulator';
import { created, inColumn, off, path, policyWith, refusalOf, running } from '../../../support/workflows/state-builders';

const BECAUSE = { cause: 'manual-start', by: 'ada', rule: null, evidence: null } as const;

test('Entering a state writes one entry, whose from is the state before.', () => {
  const { state } = inColumn('off');
  const { length } = state.history;
  enter(state, 'building', { ...BECAUSE, evidence: 'x'.repeat(10_000) }, 5);
  expect(path(state, length)).toEqual(['off→building manual-start']);
  expect(state).toMatchObject({ phase: 'building', since: 5 });
  expect(state.history.at(-1)?.evidence?.length).toBeLessThanOrEqual(500);
});

test('The last 50 changes of state are kept, and the last ten builds.', () => {
  const simulator = rebuilt(running(), 60);
  expect(simulator.state.history).toHaveLength(KEPT_HISTORY);
  expect(KEPT_HISTORY).toBe(50);
  expect(simulator.state.builds.map(({ number }) => number)).toEqual([52, 53, 54, 55, 56, 57, 58, 59, 60, 61]);
  expect(KEPT_BUILDS).toBe(10);
});

test('A request for a build that replaces one which waits has a number of its own, and the old one names it.', () => {
  const { state } = inColumn('turning-off');
  expect([queueBuild(state, BECAUSE), queueBuild(state, { ...BECAUSE, by: 'eve' })]).toEqual([2, 3]);
  expect(state).toMatchObject({ buildNumber: 3, next: { number: 3, by: 'eve' }, replaced: [{ number: 2, by: 3 }] });
  expect(queueBuild(state, BECAUSE)).toBe(4);
  expect(refusalOf(() => viewBuild(state, 2)).message).toMatch(/got 2, which was replaced by build 4$/);
  expect(refusalOf(() => viewBuild(state, 9)).message).toMatch(/got 9$/);
});

test('However often a queued build is replaced, a limited number of replacements is kept.', () => {
  const { state } = inColumn('turning-off');
  for (let times = 0; times < 500; times += 1) queueBuild(state, BECAUSE);
  expect(state.replaced).toHaveLength(20);
  expect(refusalOf(() => viewBuild(state, 500)).message).toMatch(/replaced by build 501$/);
});

test('Only the newest build keeps its environment and its last lines.', () => {
  const simulator = rebuilt(running({ env: { A: 'b' } }), 1);
  const [older, newest] = simulator.state.builds;
  expect(older?.spec.env).toEqual({});
  expect(older?.steps.flatMap(({ lastLines }) => lastLines)).toEqual([]);
  expect(newest?.spec.env).toEqual({ A: 'b' });
  expect(newest?.steps.flatMap(({ lastLines }) => lastLines)).toEqual(['hello from the hook']);
});

test('A build that begins has its six steps waiting, in the order of the contract.', () => {
  const simulator = created();
  simulator.turn();
  expect(currentBuild(simulator.state)?.steps.map(({ name, state }) => `${name} ${state}`)).toEqual([
    'admit waiting',
    'prepare-home waiting',
    'start-pod waiting',
    'inject-secrets waiting',
    'configure waiting',
    'personalize waiting',
  ]);
});

test('Settings that the policy has come to refuse fail the build in admit, with the type and sentence of the refusal.', () => {
  const simulator = inColumn('turning-off', { resources: { cpu: '4' } });
  requestBuild(simulator.state, 'start', {}, simulator.now);
  if (simulator.state.policy) simulator.state.policy.resources.max = { cpu: '2' };
  simulator.settle();
  expect(path(simulator.state, 3)).toEqual([
    'turning-off→off manual-stop',
    'off→building manual-start',
    'building→error build-failed',
  ]);
  expect(simulator.state.builds.at(-1)?.failure).toMatchObject({
    type: 'NotAllowed',
    step: 'admit',
    message: expect.stringMatching(/^resources\.cpu: /),
  });
});

test('A hook that failed gives a running workspace with a warning, and the later step runs.', () => {
  const simulator = created();
  simulator.outcomes = ['done', 'done', 'done', 'done', 'warning'];
  simulator.settle();
  expect(simulator.state.phase).toBe('running');
  const [build] = simulator.state.builds;
  expect(build?.warnings).toHaveLength(1);
  expect(build?.steps.map(({ state }) => state).slice(-2)).toEqual(['warning', 'done']);
  expect(simulator.state.history.at(-1)?.evidence).toMatch(/1 warning/);
});

test.each(['admit', 'prepare-home', 'start-pod'])(
  'A failure in %s fails the build, and the steps after it are cancelled.',
  (name) => {
    const simulator = created();
    const names = ['admit', 'prepare-home', 'start-pod'];
    simulator.outcomes = names.slice(0, names.indexOf(name) + 1).map((step) => (step === name ? 'failed' : 'done'));
    simulator.settle();
    expectFailedIn(simulator, name);
  },
);

test('A failure in inject-secrets fails the build, and the steps after it are cancelled.', () => {
  const simulator = created();
  const { state } = simulator;
  while (state.podBuild === null) simulator.turn();
  const build = state.builds[0] as BuildRecord;
  const step = build.steps.find(({ name }) => name === 'inject-secrets') as StepRecord;
  failStep(
    { state, build, step },
    { type: 'RuntimeUnavailable', message: 'no store', details: {} },
    { isInterrupted: false, now: 1 },
  );
  simulator.settle();
  expectFailedIn(simulator, 'inject-secrets');
});

test('A build goes by the policy that its first step has read, also where the workspace knew an older one when it began.', () => {
  const simulator = off({ image: undefined }, { defaultImage: 'starter:1' });
  simulator.policy = policyWith({ defaultImage: 'starter:2', resources: { default: { cpu: '3' } } }, 2);
  requestBuild(simulator.state, 'start', {}, simulator.now);
  simulator.settle();
  expect(simulator.state.phase).toBe('running');
  expect(simulator.state.builds.at(-1)).toMatchObject({ spec: { image: 'starter:2', resources: { cpu: '3' } } });
  expect(viewStatus(simulator.state).rebuildRequired).toBeNull();
});

test('Settings that the read policy refuses fail the build in its first step.', () => {
  const simulator = off({ resources: { cpu: '8' } });
  simulator.policy = policyWith({ resources: { max: { cpu: '4' } } }, 2);
  requestBuild(simulator.state, 'start', {}, simulator.now);
  simulator.settle();
  expect(simulator.state).toMatchObject({ phase: 'error', podBuild: null });
  const failure = { type: 'NotAllowed', step: 'admit', message: expect.stringMatching(/^resources\.cpu: expected at most 4/) };
  expect(simulator.state.builds.at(-1)?.failure).toMatchObject(failure);
});

function expectFailedIn({ state }: Simulator, name: string): void {
  const [build] = state.builds;
  expect(state).toMatchObject({ phase: 'error', podBuild: null });
  expect(build?.failure?.step).toBe(name);
  const failedAt = build?.steps.findIndex((step) => step.state === 'failed') ?? -1;
  expect(build?.steps.slice(failedAt + 1).every((step) => step.state === 'cancelled')).toBe(true);
}

function rebuilt(simulator: Simulator, times: number): Simulator {
  for (let count = 0; count < times; count += 1) {
    requestBuild(simulator.state, 'rebuild', {}, simulator.now);
    simulator.settle();
  }
  return simulator;
}
