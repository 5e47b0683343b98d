import { STEP_NAMES } from '../../../src/workflows/messages';
import { requestBuild } from '../../../src/workflows/workspace/requests';
import { createState, currentBuild, migrate, type State } from '../../../src/workflows/workspace/state';
import { parseCreation } from '../../../src/workflows/workspace/inputs';
import { newSteps } from '../../../src/workflows/workspace/transition';
import { takeSignal } from '../../../src/workflows/workspace/signals';
import { viewDetails } from '../../../src/workflows/workspace/details';
import { viewExplain } from '../../../src/workflows/workspace/explain';
import { viewStatus } from '../../../src/workflows/workspace/view';
import { COLUMNS, copy, inColumn, NOW, running } from './scene';

const LIMIT_BYTES = 200 * 1024;

test('A workspace builds at once: it is created in building, with build 1 waiting for the policy.', () => {
  const state = createState(parseCreation({ owner: 'ada', name: 'dev', by: 'eve' }), 'home-1', NOW);
  expect(state).toMatchObject({
    phase: 'building',
    buildNumber: 1,
    next: { number: 1, cause: 'created', by: 'eve' },
    builds: [],
  });
  expect(currentBuild(state)).toBeNull();
});

test.each(COLUMNS)('The state in %s is plain JSON: it comes back unchanged.', (column) => {
  const { state } = inColumn(column, { autoStart: { time: '08:30', timeZone: 'UTC' } });
  expect(copy(state)).toStrictEqual(state);
  expect(migrate(copy(state))).toStrictEqual(state);
});

test('A state of an unknown shape is not taken over.', () => {
  const { state } = running();
  expect(() => migrate({ ...state, schemaVersion: 2 } as unknown as State)).toThrow(/schemaVersion 1, got 2/);
});

test('The steps of a build are the six of the contract, in their order.', () => {
  const names = ['admit', 'prepare-home', 'start-pod', 'inject-secrets', 'configure', 'personalize'];
  expect(STEP_NAMES).toEqual(names);
  expect(newSteps().map(({ name, state }) => ({ name, state }))).toEqual(names.map((name) => ({ name, state: 'waiting' })));
});

test.each([
  ['plain letters', 'x'],
  ['quotes', '"'],
  ['letters of another alphabet', 'ж'],
])('A state at its fullest, filled with %s, stays under 200 KiB.', (_, letter) => {
  const state = fullest(letter);
  expect(state.history).toHaveLength(50);
  expect(state.builds).toHaveLength(10);
  expect(Buffer.byteLength(JSON.stringify(state))).toBeLessThan(LIMIT_BYTES);
});

test('The views of a state at its fullest are made all the same.', () => {
  const state = fullest('x');
  for (const view of [viewStatus(state), viewExplain(state, NOW), viewDetails(state, NOW)]) expect(view).toBeTruthy();
});

/** Everything as long as the contract allows: env of 32 KiB as it is kept, texts of 200, ten builds, 50 entries, 50 lines of 300 for each hook. */
function fullest(letter: string): State {
  const text = letter.repeat(200);
  const bytes = Buffer.byteLength(JSON.stringify(letter)) - 2;
  const uri = `https://example.com/${'a'.repeat(1_900)}`;
  const simulator = running({ env: { A: letter.repeat((32 * 1024 - 1) / bytes) }, by: text, dotfiles: { uri } });
  const { state } = simulator;
  for (let count = 0; count < 60; count += 1) {
    requestBuild(state, 'rebuild', { by: text, reason: text }, simulator.now);
    if (count % 2 === 1) simulator.outcomes = ['failed'];
    simulator.settle();
  }
  takeSignal(state, 'ping', { via: text }, simulator.now);
  takeSignal(state, 'stop', { by: text, reason: letter.repeat(201) }, simulator.now);
  requestBuild(state, 'start', { by: text }, simulator.now);
  simulator.settle();
  for (const step of state.builds.at(-1)?.steps.slice(4) ?? [])
    step.lastLines = Array.from({ length: 50 }, () => letter.repeat(300));
  return state;
}
