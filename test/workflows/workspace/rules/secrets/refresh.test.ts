import type { Injection } from '../../../../../src/contract/internal/payloads';
import { requestBuild, requestStop } from '../../../../../src/workflows/workspace/rules/requests';
import { abandonRefresh, completeRefresh, refreshAt } from '../../../../../src/workflows/workspace/rules/secrets/refresh';
import { takeSignal } from '../../../../../src/workflows/workspace/rules/signals';
import { viewDetails } from '../../../../../src/workflows/workspace/rules/view/current-details';
import { viewStatus } from '../../../../../src/workflows/workspace/rules/view/status';
import type { Simulator } from '../../../../support/workflows/simulator';
import { copy, created, HOUR_MS, MINUTE_MS, policyWith, SECOND_MS } from '../../../../support/workflows/state-builders';

const GIT = [{ host: 'git.example.com', knownHosts: [] }];
const NEVER_OFF = { autoOff: { after: 'never' } };

function injection(simulator: Simulator, change: Partial<Injection> = {}): Injection {
  const delivered = [{ name: 'NPM_TOKEN', scope: 'owner' as const, version: 1 }];
  const expiresAt = simulator.now + 2 * HOUR_MS;
  return { delivered, fingerprint: 'SHA256:abc', expiresAt, warnings: [], isEmpty: false, ...change };
}

/** A workspace whose first build was given secrets. */
function runningWithSecrets(change: Partial<Injection> = {}): Simulator {
  const simulator = created({}, NEVER_OFF);
  simulator.injection = injection(simulator, change);
  simulator.settle();
  return simulator;
}

const stepOf = ({ state }: Simulator) => state.builds.at(-1)?.steps.find(({ name }) => name === 'inject-secrets');

/** The moments from now at which the pod is given its secrets again. */
function refreshesIn(simulator: Simulator, ms: number): number[] {
  const { now: start } = simulator;
  const moments: number[] = [];
  while (simulator.now < start + ms) {
    const decision = simulator.turn();
    if (decision.do === 'refreshSecrets') moments.push(simulator.now - start);
    if (decision.do === 'sleep') simulator.now = Math.min(Math.max(decision.until, simulator.now), start + ms);
  }
  return moments;
}

test('Where the installation keeps no secrets the step is skipped, and a signal leads to nothing.', () => {
  const simulator = created({}, NEVER_OFF);
  simulator.settle();
  expect(stepOf(simulator)).toMatchObject({ state: 'skipped', message: 'there are no secrets to inject' });
  takeSignal(simulator.state, 'secretsChanged', {}, simulator.now);
  expect(refreshesIn(simulator, HOUR_MS)).toEqual([]);
  expect(viewStatus(simulator.state)).toMatchObject({ secrets: [], sshKey: null });
});

test('A step that finds nothing to inject is skipped, and a secret that is set later reaches the pod.', () => {
  const simulator = runningWithSecrets({ delivered: [], fingerprint: null, expiresAt: null, isEmpty: true });
  expect(stepOf(simulator)).toMatchObject({ state: 'skipped', message: 'there are no secrets to inject' });
  expect(refreshesIn(simulator, 3 * HOUR_MS)).toEqual([]);
  simulator.injection = injection(simulator);
  takeSignal(simulator.state, 'secretsChanged', null, simulator.now);
  simulator.settle();
  expect(viewStatus(simulator.state).secrets).toEqual([{ name: 'NPM_TOKEN', scope: 'owner', version: 1 }]);
});

test('The status and the current details show what the pod that runs was given, and nothing without a pod.', () => {
  const simulator = runningWithSecrets();
  const { state } = simulator;
  expect(viewStatus(state)).toMatchObject({
    secrets: [{ name: 'NPM_TOKEN', scope: 'owner', version: 1 }],
    sshKey: 'SHA256:abc',
  });
  expect(viewDetails(state, simulator.now)).toContain('Secrets: 1, SSH key `SHA256:abc`');
  requestBuild(state, 'rebuild', { image: 'starter:2' }, simulator.now);
  for (let turns = 0; turns < 3; turns += 1) simulator.turn();
  expect(viewStatus(state)).toMatchObject({ secrets: [], sshKey: null });
  simulator.settle();
  expect(viewStatus(state).sshKey).toBe('SHA256:abc');
  requestStop(state, 'stop', {}, simulator.now);
  simulator.settle();
  expect(viewStatus(state)).toMatchObject({ state: 'off', secrets: [], sshKey: null });
});

test('The token of two hours is replaced every 25 to 35 minutes, in each workspace at an offset of its own.', () => {
  const [first = 0, second = 0] = refreshesIn(runningWithSecrets(), 2 * HOUR_MS);
  expect(first).toBeGreaterThanOrEqual(25 * MINUTE_MS);
  expect(second - first).toBeLessThanOrEqual(35 * MINUTE_MS);
  const offsets = ['a', 'b', 'c'].map((id) => {
    const simulator = created({}, NEVER_OFF);
    simulator.state.id = id;
    simulator.injection = injection(simulator);
    return refreshesIn(simulator, HOUR_MS)[0];
  });
  expect(new Set(offsets).size).toBe(3);
});

test('A token that ends soon is replaced at half of its life, and never more than once a minute.', () => {
  const soon = runningWithSecrets();
  soon.now += MINUTE_MS;
  soon.injection = injection(soon, { expiresAt: soon.now + 20 * MINUTE_MS });
  takeSignal(soon.state, 'secretsChanged', {}, soon.now);
  expect(refreshesIn(soon, 16 * MINUTE_MS)[1]).toBe(10 * MINUTE_MS);
  const ended = runningWithSecrets({ expiresAt: 0 });
  expect(refreshesIn(ended, 5 * MINUTE_MS)).toHaveLength(5);
});

test('A change reaches a pod that runs at once, or after the delay that it was announced with.', () => {
  const simulator = runningWithSecrets();
  simulator.now += MINUTE_MS;
  takeSignal(simulator.state, 'secretsChanged', { delayMs: 45_000 }, simulator.now);
  takeSignal(simulator.state, 'secretsChanged', {}, simulator.now);
  expect(refreshesIn(simulator, 2 * MINUTE_MS)).toEqual([0, 45_000]);
});

test('Many changes share a refresh: the first comes at once, those of the next five seconds together.', () => {
  const simulator = runningWithSecrets();
  simulator.now += MINUTE_MS;
  for (let count = 0; count < 100; count += 1) {
    takeSignal(simulator.state, 'secretsChanged', {}, simulator.now);
    simulator.settle();
    simulator.now += 20;
  }
  expect(refreshesIn(simulator, MINUTE_MS)).toEqual([3 * SECOND_MS]);
});

test('A change during a refresh, or after the step of a build, is served by another refresh.', () => {
  const simulator = runningWithSecrets();
  const { state } = simulator;
  simulator.now += MINUTE_MS;
  simulator.refreshes = ['unanswered'];
  takeSignal(state, 'secretsChanged', {}, simulator.now);
  simulator.settle();
  expect([state.secrets.isRefreshing, refreshAt(state)]).toEqual([true, null]);
  simulator.now += SECOND_MS;
  takeSignal(state, 'secretsChanged', {}, simulator.now);
  completeRefresh(state, 1, injection(simulator), simulator.now);
  expect(refreshesIn(simulator, MINUTE_MS)).toEqual([4 * SECOND_MS]);

  requestBuild(state, 'rebuild', { image: 'starter:2' }, simulator.now);
  simulator.meanwhile = ({ name }) => {
    // One before the store is read, which needs no refresh, and one after it.
    if (name === 'prepare-home' || name === 'configure') takeSignal(state, 'secretsChanged', {}, simulator.now);
    return undefined;
  };
  simulator.advanceTo(simulator.now + SECOND_MS);
  expect(state.phase).toBe('running');
  simulator.meanwhile = null;
  expect(refreshesIn(simulator, MINUTE_MS)).toHaveLength(1);
});

test("A change of the policy's Git hosts reaches a pod that runs, and any other change of the policy does not.", () => {
  const simulator = runningWithSecrets();
  simulator.now += MINUTE_MS;
  takeSignal(simulator.state, 'policyChanged', { policy: policyWith({ ...NEVER_OFF, retention: '9d' }, 2) }, simulator.now);
  expect(refreshAt(simulator.state)).toBeGreaterThan(simulator.now);
  takeSignal(simulator.state, 'policyChanged', { policy: policyWith({ ...NEVER_OFF, git: GIT }, 3) }, simulator.now);
  expect(refreshAt(simulator.state)).toBe(simulator.now);
});

test('A refresh of an older build, or of a pod that ended, changes nothing when it is answered late.', () => {
  for (const request of ['rebuild', 'stop'] as const) {
    const simulator = runningWithSecrets();
    const { state } = simulator;
    simulator.refreshes = ['unanswered'];
    takeSignal(state, 'secretsChanged', {}, simulator.now);
    simulator.settle();
    if (request === 'stop') requestStop(state, 'stop', {}, simulator.now);
    else requestBuild(state, 'rebuild', { image: 'starter:2' }, simulator.now);
    simulator.settle();
    const { pod } = copy(state.secrets);
    completeRefresh(state, 1, injection(simulator, { fingerprint: 'SHA256:late', warnings: ['late'] }), simulator.now);
    expect(state.secrets).toMatchObject({ pod, isRefreshing: false });
    expect(state.builds.at(-1)?.warnings).toEqual([]);
  }
});

test('The run after a hand-over in the middle of a refresh begins it again.', () => {
  const simulator = runningWithSecrets();
  simulator.now += MINUTE_MS;
  simulator.refreshes = ['unanswered'];
  takeSignal(simulator.state, 'secretsChanged', {}, simulator.now);
  simulator.settle();
  simulator.handOver();
  expect(refreshesIn(simulator, MINUTE_MS)).toEqual([5 * SECOND_MS]);
});

test('A refresh that is interrupted is due again, and a refresh that never began is not.', () => {
  const simulator = runningWithSecrets();
  simulator.now += MINUTE_MS;
  simulator.refreshes = ['interrupted'];
  takeSignal(simulator.state, 'secretsChanged', {}, simulator.now);
  expect(refreshesIn(simulator, MINUTE_MS)).toEqual([0, 5 * SECOND_MS]);
  abandonRefresh(simulator.state, simulator.now);
  expect(simulator.state.secrets.changes).toBeNull();
});

test('After the loss of its pod nothing is refreshed until the next build; after another failure it is tried in five minutes.', () => {
  const lost = runningWithSecrets();
  lost.refreshes = ['PodLost'];
  takeSignal(lost.state, 'secretsChanged', {}, lost.now);
  expect(refreshesIn(lost, HOUR_MS)).toHaveLength(1);
  expect(viewStatus(lost.state).secrets).toEqual([]);
  requestBuild(lost.state, 'rebuild', {}, lost.now);
  lost.settle();
  expect(viewStatus(lost.state).secrets).toHaveLength(1);

  const failed = runningWithSecrets();
  failed.now += HOUR_MS;
  failed.refreshes = ['NotAllowed', 'NotAllowed'];
  expect(refreshesIn(failed, 12 * MINUTE_MS)).toEqual([0, 5 * MINUTE_MS, 10 * MINUTE_MS]);
});

test('A refresh holds nothing up: while it is not answered the auto-off comes on time, and a request is taken.', () => {
  const simulator = created({}, { autoOff: { after: '10m' } });
  simulator.injection = injection(simulator);
  simulator.settle();
  const { now: start, state } = simulator;
  simulator.refreshes = ['unanswered'];
  takeSignal(state, 'secretsChanged', {}, simulator.now);
  simulator.advanceTo(start + 10 * MINUTE_MS);
  expect(state).toMatchObject({ phase: 'off', since: start + 10 * MINUTE_MS });
  expect(requestBuild(state, 'start', {}, simulator.now)).toMatchObject({ outcome: 'accepted' });
});

test('A warning of a refresh is added to those of the build, once.', () => {
  const simulator = runningWithSecrets();
  simulator.injection = injection(simulator, { warnings: ['~/.npmrc is in the way'] });
  for (let count = 0; count < 3; count += 1) {
    takeSignal(simulator.state, 'secretsChanged', {}, simulator.now);
    simulator.advance(10 * SECOND_MS);
  }
  expect(viewStatus(simulator.state).build?.warnings).toEqual(['~/.npmrc is in the way']);
});

test('After a pod loss in the middle of the build the new pod is given its secrets again.', () => {
  const simulator = created({}, NEVER_OFF);
  simulator.injection = injection(simulator);
  simulator.outcomes = ['done', 'done', 'done', 'done', 'PodLost'];
  simulator.settle();
  expect(simulator.state.builds.at(-1)?.restarts).toBe(1);
  expect(viewStatus(simulator.state).sshKey).toBe('SHA256:abc');
});
