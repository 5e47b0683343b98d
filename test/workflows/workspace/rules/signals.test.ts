import fc from 'fast-check';
import * as messages from '../../../../src/contract/messages';
import { Malformed } from '../../../../src/workflows/input/malformed';
import { SIGNAL_NAMES, takeEarlySignals, takeSignal } from '../../../../src/workflows/workspace/rules/signals';
import type { State } from '../../../../src/workflows/workspace/rules/state';
import { viewStatus } from '../../../../src/workflows/workspace/rules/view/status';
import { Simulator } from '../../../support/workflows/simulator';
import { COLUMNS, copy, created, inColumn, NOW, path, policyWith, running } from '../../../support/workflows/state-builders';

/** The signals of the contract that organizations and their parts take. */
const OF_ORGANIZATIONS = [messages.usageReportedSignal, messages.workspaceEndedSignal, messages.membersChangedSignal];
/** The signals of the contract that campaigns take. */
const OF_CAMPAIGNS = [messages.pauseSignal, messages.resumeSignal, messages.cancelSignal];

test('A workspace takes exactly the signals that the contract defines for it.', () => {
  const defined = Object.values(messages).filter((each) => typeof each === 'object' && each.type === 'signal');
  const names = defined
    .filter((each) => ![...OF_ORGANIZATIONS, ...OF_CAMPAIGNS].includes(each as never))
    .map((each) => (each as { name: string }).name);
  expect([...SIGNAL_NAMES].sort()).toEqual(names.sort());
});

test.each([
  ['start', 'off', 'off→building manual-start'],
  ['rebuild', 'running', 'running→building manual-rebuild'],
  ['stop', 'running', 'running→turning-off manual-stop'],
  ['cancelBuild', 'building', 'building→turning-off build-cancelled'],
] as const)('The signal %s in %s does as the update of the same name.', (name, column, entry) => {
  const { state, now } = inColumn(column);
  takeSignal(state, name, { by: 'eve' }, now);
  expect(path(state).at(-1)).toBe(entry);
  expect(state.history.at(-1)?.by).toBe('eve');
  expect(state.rejected.count).toBe(0);
});

test.each([undefined, null, {}, { zebra: 1 }])('A signal with the payload %j is whole.', (input) => {
  const { state, now } = inColumn('off');
  for (const name of ['ping', 'stop', 'cancelBuild', 'start'] as const) takeSignal(state, name, input, now);
  expect(state).toMatchObject({ phase: 'building', rejected: { count: 0, last: null } });
});

test.each([
  ['ping', { at: 'noon' }],
  ['ping', 'now'],
  ['ping', { via: 'x'.repeat(201) }],
  ['start', { by: 7 }],
  ['stop', { reason: 'x'.repeat(201) }],
  ['rebuild', { image: 'no image' }],
  ['rebuild', { env: { PATH: '/' } }],
  ['cancelBuild', []],
  ['ping', new Malformed('not JSON')],
  ['secretsChanged', { delayMs: -1 }],
  ['secretsChanged', { delayMs: 60_001 }],
  ['secretsChanged', { delayMs: 0.5 }],
  ['secretsChanged', { delayMs: '7' }],
  ['secretsChanged', ['NPM_TOKEN']],
] as const)('A malformed %s is counted and shown, and has no other effect: %j.', (name, input) => {
  const { state } = running();
  const before = copy(state);
  takeSignal(state, name, input, NOW + 5);
  const { rejected, ...rest } = state;
  expect({ ...rest, rejected: before.rejected }).toStrictEqual(before);
  expect(rejected).toEqual({ count: 1, last: { at: NOW + 5, name, reason: expect.stringMatching(/expected .+, got/) } });
  expect(viewStatus(state).rejected).toMatchObject({ count: 1, last: { name, at: new Date(NOW + 5).toISOString() } });
});

test('What the table refuses is counted and shown.', () => {
  const { state, now } = inColumn('deleted');
  for (const name of ['start', 'rebuild', 'stop'] as const) takeSignal(state, name, {}, now);
  expect(state).toMatchObject({ phase: 'deleted', rejected: { count: 3, last: { name: 'stop' } } });
});

test('What the policy refuses is counted and shown.', () => {
  const { state, now } = running({}, { resources: { max: { cpu: '2' } } });
  takeSignal(state, 'rebuild', { resources: { cpu: '4' } }, now);
  expect(state).toMatchObject({ phase: 'running', rejected: { count: 1, last: { reason: expect.stringMatching(/at most 2/) } } });
});

test('Signals that arrive before the policy is read are kept, and taken in order as soon as it is.', () => {
  const simulator = new Simulator({}, { policy: policyWith(), now: NOW });
  const { state } = simulator;
  takeSignal(state, 'rebuild', { image: 'starter:2', by: 'eve' }, NOW);
  takeSignal(state, 'stop', { reason: 7 }, NOW);
  takeSignal(state, 'ping', { via: 'ssh' }, NOW);
  // What is malformed, whatever the policy says, is counted at once.
  expect(state).toMatchObject({ lastAccess: { via: 'ssh' }, rejected: { count: 1, last: { name: 'stop' } } });
  simulator.admit();
  simulator.settle();
  expect(state).toMatchObject({ early: [], rejected: { count: 1, last: { name: 'stop' } } });
  expect(viewStatus(state)).toMatchObject({ state: 'running', image: { reference: 'starter:2' }, build: { by: 'eve' } });
});

test('A stop that arrived before the policy was read is taken.', () => {
  const simulator = new Simulator({}, { policy: policyWith(), now: NOW });
  takeSignal(simulator.state, 'stop', {}, NOW);
  simulator.admit();
  simulator.settle();
  expect(path(simulator.state, 1)).toEqual(['building→turning-off manual-stop', 'turning-off→off manual-stop']);
});

test('More signals before the policy than can be kept are rejected and counted, however large they are.', () => {
  const { state } = new Simulator({}, { policy: policyWith(), now: NOW });
  for (let count = 0; count < 500; count += 1) takeSignal(state, 'rebuild', { reason: 'r', env: { A: 'x'.repeat(30_000) } }, NOW);
  expect(state.early.length + state.rejected.count).toBe(500);
  expect(JSON.stringify(state).length).toBeLessThan(200 * 1024);
});

test('A pushed policy takes effect; one older than the one known changes nothing.', () => {
  const { state, now } = running();
  takeSignal(state, 'policyChanged', { policy: policyWith({ autoOff: { after: '8h' } }, 5) }, now);
  expect(viewStatus(state)).toMatchObject({ policyVersion: 5, autoOff: { after: '8h' } });
  takeSignal(state, 'policyChanged', { policy: policyWith({ autoOff: { after: '1h' } }, 4) }, now);
  expect(viewStatus(state)).toMatchObject({ policyVersion: 5, autoOff: { after: '8h' } });
});

test.each(['version', 'autoOff', 'autoStart', 'images', 'resources', 'build', 'retention'])(
  'A pushed policy without a right %s is rejected whole, and breaks nothing.',
  (field) => {
    for (const wrong of [undefined, null, 'soon', { after: 'soon', weekdays: 1, default: {} }]) {
      const { state, now } = running({ autoStart: { time: '08:30', timeZone: 'UTC' } });
      const before = copy(state);
      takeSignal(state, 'policyChanged', { policy: { ...policyWith({}, 9), [field]: wrong } }, now);
      expect(withoutRejected(state)).toStrictEqual(withoutRejected(before));
      expect(state.rejected.count).toBe(1);
    }
  },
);

test.each(COLUMNS)(
  'In %s no signal throws, whatever its content; a rejected one is counted and changes nothing else.',
  (column) => {
    const sample = inColumn(column);
    fc.assert(
      fc.property(fc.constantFrom(...SIGNAL_NAMES), payloads(), (name, input) => {
        const state = copy(sample.state);
        takeSignal(state, name, input, sample.now);
        expect([0, 1]).toContain(state.rejected.count);
        if (state.rejected.count === 1) expect(withoutRejected(state)).toStrictEqual(withoutRejected(sample.state));
        expect(copy(state)).toStrictEqual(state);
      }),
      { numRuns: 400 },
    );
  },
);

test('Before the policy is read no signal throws, whatever its content, neither then nor when it is taken.', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...SIGNAL_NAMES), payloads()), { maxLength: 30 }), (signals) => {
      const { state } = new Simulator({}, { policy: policyWith(), now: NOW });
      for (const [name, input] of signals) takeSignal(state, name, input, NOW);
      state.policy = policyWith();
      takeEarlySignals(state, NOW);
      expect(state.early).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

test('However many are rejected, only the last one is kept, with a short reason.', () => {
  const { state, now } = created();
  for (let count = 0; count < 1_000; count += 1) takeSignal(state, 'ping', { via: ['x'.repeat(10_000)] }, now);
  expect(state.rejected.count).toBe(1_000);
  expect(JSON.stringify(state.rejected).length).toBeLessThan(500);
});

function payloads() {
  const keys = fc.constantFrom(
    'by',
    'reason',
    'image',
    'resources',
    'env',
    'via',
    'session',
    'at',
    'build',
    'counted',
    'found',
    'policy',
    'delayMs',
  );
  return fc.oneof(fc.jsonValue(), fc.anything(), fc.dictionary(keys, fc.oneof(fc.jsonValue(), fc.string(), fc.nat())));
}

function withoutRejected({ rejected: _, ...rest }: State): Omit<State, 'rejected'> {
  return rest;
}
