/** Invariants of a workspace under any requests, in any order, with any outcome, and any passage of time. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { durationMs } from '../../../../src/contract/duration';
import { Refusal } from '../../../../src/workflows/input/refusal';
import { autoOffThreshold } from '../../../../src/workflows/workspace/rules/auto-off';
import { requestConfigure } from '../../../../src/workflows/workspace/rules/configure';
import { decide } from '../../../../src/workflows/workspace/rules/decide';
import {
  columnOf,
  requestBuild,
  requestDelete,
  requestRestore,
  requestStop,
} from '../../../../src/workflows/workspace/rules/requests';
import { type SignalName, takeSignal } from '../../../../src/workflows/workspace/rules/signals';
import { currentBuild, type State } from '../../../../src/workflows/workspace/rules/state';
import { viewDetails } from '../../../../src/workflows/workspace/rules/view/current-details';
import { viewExplain } from '../../../../src/workflows/workspace/rules/view/explain';
import { viewBuild, viewStatus } from '../../../../src/workflows/workspace/rules/view/status';
import { type RefreshOutcome, Simulator, type StepOutcome } from '../../../support/workflows/simulator';
import { copy, DAY_MS, HOUR_MS, MINUTE_MS, NOW, policyWith, SECOND_MS } from '../../../support/workflows/state-builders';

type Request = 'start' | 'rebuild' | 'stop' | 'cancelBuild' | 'delete' | 'restore' | 'configure';

type Event =
  | { kind: 'request'; name: Request; input: unknown }
  | { kind: 'signal'; name: SignalName; input: unknown }
  | { kind: 'policy'; change: unknown }
  | { kind: 'outcome'; outcome: StepOutcome }
  | { kind: 'lost'; back: number; counted: boolean; ahead: number }
  | { kind: 'refresh'; outcome: RefreshOutcome }
  | { kind: 'turns'; count: number }
  | { kind: 'up'; ms: number }
  | { kind: 'outage'; ms: number };

const SCHEDULE = { time: '08:30', timeZone: 'Europe/Berlin' };
const REFRESHES: RefreshOutcome[] = ['done', 'interrupted', 'unanswered', 'PodLost', 'NotAllowed'];
const DELIVERED = [{ name: 'NPM_TOKEN', scope: 'owner', version: 1 } as const];
const INJECTION = { delivered: DELIVERED, fingerprint: null, expiresAt: NOW + HOUR_MS, warnings: ['in the way'], isEmpty: false };

test('Any life of a workspace keeps its history a chain, its builds one after the other, and its state small and plain.', () => {
  fc.assert(
    fc.property(fc.array(events(), { maxLength: 40, size: 'max' }), fc.boolean(), fc.boolean(), (life, hasSchedule, injects) => {
      const input = hasSchedule ? { autoStart: SCHEDULE } : {};
      const simulator = new Simulator(input, { policy: policyWith({ autoOff: { userControlled: true } }), now: NOW }).admit();
      simulator.injection = injects ? INJECTION : null;
      const numbers = new Map<number, number>();
      for (const event of life) {
        const { buildNumber } = simulator.state;
        const { now } = simulator;
        happen(simulator, event);
        holds(simulator, numbers);
        holdsAutoOff(simulator.state, now);
        expect(simulator.state.buildNumber).toBeGreaterThanOrEqual(buildNumber);
        if (simulator.state.phase === 'purged') break;
      }
    }),
    { numRuns: 200 },
  );
});

test('Any life of a workspace comes to rest: left alone, it ends in a state where nothing is under way.', () => {
  fc.assert(
    fc.property(fc.array(events(), { maxLength: 25, size: 'max' }), (life) => {
      const simulator = new Simulator({}, { policy: policyWith(), now: NOW }).admit();
      simulator.injection = INJECTION;
      for (const event of life) happen(simulator, event);
      const until = simulator.settle();
      expect(['off', 'running', 'error', 'deleted', 'purged']).toContain(simulator.state.phase);
      expect(until === null || until > simulator.now).toBe(true);
    }),
    { numRuns: 150 },
  );
});

function happen(simulator: Simulator, event: Event): void {
  const { state, now } = simulator;
  switch (event.kind) {
    case 'request':
      return ask(state, event, now);
    case 'signal':
      return takeSignal(state, event.name, event.input, now);
    case 'policy':
      simulator.policy = { ...policyWith(event.change), version: simulator.policy.version + 1 };
      return takeSignal(state, 'policyChanged', { policy: simulator.policy }, now);
    case 'outcome':
      simulator.outcomes = ['done', event.outcome];
      return;
    case 'refresh':
      simulator.refreshes = [event.outcome];
      return takeSignal(state, 'secretsChanged', {}, now);
    case 'lost': {
      const found = event.ahead === 0 ? {} : { found: state.buildNumber + event.ahead };
      const build = Math.max(1, state.buildNumber - event.back);
      return takeSignal(state, 'podLost', { build, reason: 'evicted', counted: event.counted, ...found }, now);
    }
    case 'turns':
      for (let count = 0; count < event.count && state.phase !== 'purged'; count += 1) simulator.turn();
      return;
    case 'up':
      simulator.advance(event.ms);
      return;
    case 'outage':
      simulator.now += event.ms;
      return;
  }
}

/** A request is answered with the state after it, or refused and changes nothing. */
function ask(state: State, { name, input }: { name: Request; input: unknown }, now: number): void {
  const before = copy(state);
  const column = columnOf(state);
  try {
    const answer = request(state, name, input, now);
    expect(answer.state).toBe(state.phase);
    const builds = [currentBuild(state)?.number, state.next?.number, state.builds.at(-1)?.number];
    if ('build' in answer && (name === 'start' || name === 'rebuild')) expect(builds).toContain(answer.build);
    if ('outcome' in answer && answer.outcome === 'already') expect(answer.state).toBe(before.phase);
    if (name === 'configure') expect(columnOf(state)).toBe(column);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    expect(state).toStrictEqual(before);
  }
}

function request(state: State, name: Request, input: unknown, now: number) {
  switch (name) {
    case 'start':
    case 'rebuild':
      return requestBuild(state, name, input, now);
    case 'stop':
    case 'cancelBuild':
      return requestStop(state, name, input, now);
    case 'delete':
      return requestDelete(state, input, now);
    case 'restore':
      return requestRestore(state, input, now);
    case 'configure':
      requestConfigure(state, input, now);
      return viewStatus(state);
  }
}

function holds(simulator: Simulator, numbers: Map<number, number>): void {
  const { state, now } = simulator;
  const before = copy(state);
  expect(isDeepStrictEqual(before, state)).toBe(true);
  expect(JSON.stringify(state).length).toBeLessThan(200 * 1024);
  viewStatus(state);
  viewExplain(state, now);
  viewDetails(state, now);
  if (state.builds.length > 0) viewBuild(state, null);
  decide(state, now);
  expect(isDeepStrictEqual(state, before)).toBe(true);
  holdsHistory(state);
  holdsBuilds(state, numbers);
  const goesDown = state.ending?.to === 'off' || state.ending?.to === 'deleted';
  expect({ phase: state.phase, goesDown }).toEqual({ phase: state.phase, goesDown: state.phase === 'turning-off' });
  const isDeleted = state.phase === 'deleted' || columnOf(state) === 'deleting';
  if (state.phase !== 'purged') expect(state.purgeAt !== null).toBe(isDeleted);
  // What the pod of the newest build was given is shown while it is there.
  if (viewStatus(state).secrets.length > 0) expect(state.podBuild).toBe(state.builds.at(-1)?.number);
}

function holdsHistory({ history, phase, since }: State): void {
  expect(history.slice(1).map(({ from }) => from)).toEqual(history.slice(0, -1).map(({ to }) => to));
  if (history.length < 50) expect(history[0]).toMatchObject({ from: 'off', to: 'building', cause: 'created' });
  expect(history.at(-1)).toMatchObject({ to: phase, at: since });
  expect(history.filter(({ from, to }) => from === to)).toEqual([]);
}

function holdsBuilds(state: State, numbers: Map<number, number>): void {
  const { builds, next, buildNumber } = state;
  expect(builds.filter(({ endedAt }) => endedAt === null).length).toBeLessThanOrEqual(1);
  builds.slice(1).forEach(({ number }, index) => {
    expect(number).toBeGreaterThan(builds[index]?.number ?? 0);
  });
  for (const { number, startedAt } of builds) {
    expect(numbers.get(number) ?? startedAt).toBe(startedAt);
    numbers.set(number, startedAt);
  }
  expect(buildNumber).toBeGreaterThanOrEqual(builds.at(-1)?.number ?? 0);
  if (next) expect(next.number).toBe(buildNumber);
  if (next) expect(numbers.has(next.number)).toBe(false);
  if (state.phase === 'building') expect(next !== null || currentBuild(state) !== null).toBe(true);
  else if (state.phase !== 'turning-off') expect(currentBuild(state)).toBeNull();
}

/** No stop by inactivity since then came sooner after the last access than the threshold in force. */
function holdsAutoOff(state: State, since: number): void {
  const stops = state.history.filter(({ at, from, cause }) => at > since && from === 'running' && cause === 'auto-off');
  const after = autoOffThreshold(state)?.after ?? 'never';
  const least = after === 'never' ? Number.POSITIVE_INFINITY : durationMs(after);
  for (const { at } of stops) expect(at - (state.lastAccess?.at ?? 0)).toBeGreaterThanOrEqual(least);
}

function events(): fc.Arbitrary<Event> {
  const names = fc.constantFrom<Request[]>('start', 'rebuild', 'stop', 'cancelBuild', 'delete', 'restore', 'configure');
  const signals = fc.constantFrom<SignalName[]>('ping', 'start', 'stop', 'rebuild', 'cancelBuild', 'secretsChanged');
  const input = fc.oneof({ weight: 6, arbitrary: inputs() }, { weight: 1, arbitrary: fc.jsonValue() });
  const spans = fc.constantFrom(SECOND_MS, MINUTE_MS, 6 * MINUTE_MS, 29 * MINUTE_MS, HOUR_MS, 5 * HOUR_MS, DAY_MS, 8 * DAY_MS);
  return fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('request' as const), name: names, input }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('signal' as const), name: signals, input }) },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('turns' as const), count: fc.integer({ min: 1, max: 9 }) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('up' as const), ms: spans }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('outage' as const), ms: spans }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('refresh' as const), outcome: fc.constantFrom(...REFRESHES) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('policy' as const), change: policies() }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('outcome' as const),
        outcome: fc.constantFrom<StepOutcome[]>('warning', 'failed'),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('lost' as const), back: fc.nat(1), counted: fc.boolean(), ahead: fc.nat(2) }),
    },
  );
}

function inputs(): fc.Arbitrary<unknown> {
  return fc.record(
    {
      by: fc.constantFrom('ada', 'eve', null),
      reason: fc.constantFrom('because', null),
      purge: fc.constantFrom(false, false, false, true),
      image: fc.constantFrom('starter:1', 'starter:2', 'starter'),
      env: fc.constantFrom({}, { A: 'b' }),
      resources: fc.constantFrom({ cpu: '2' }, { cpu: '4', disk: '20Gi' }, { disk: '5Gi' }),
      autoOff: fc.constantFrom(null, { after: '1m' }, { after: 'never' }),
      autoStart: fc.constantFrom(null, SCHEDULE),
    },
    { requiredKeys: [] },
  );
}

function policies(): fc.Arbitrary<unknown> {
  return fc.constantFrom(
    {},
    { autoOff: { after: '1m', userControlled: true } },
    { autoOff: { after: 'never' } },
    { autoStart: { weekdays: [] } },
    { autoStart: { weekdays: ['tue', 'sun'], timeZone: 'Asia/Tokyo', recentUse: '1m' } },
    { resources: { max: { cpu: '2' } }, retention: '1m' },
  );
}
