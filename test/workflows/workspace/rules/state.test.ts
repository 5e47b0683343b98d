import type { Injection } from '../../../../src/contract/internal/payloads';
import { STEP_NAMES } from '../../../../src/contract/payloads';
import type { GitHostPolicy, ImagePolicy } from '../../../../src/contract/policy';
import type { SecretScope } from '../../../../src/contract/secrets';
import { parseCreation } from '../../../../src/workflows/input/messages';
import { takePlan, wantedPlan } from '../../../../src/workflows/workspace/rules/auto-start';
import { newSteps } from '../../../../src/workflows/workspace/rules/begin-build';
import { noteBlocked } from '../../../../src/workflows/workspace/rules/clean-up';
import { requestConfigure } from '../../../../src/workflows/workspace/rules/configure';
import { migrate } from '../../../../src/workflows/workspace/rules/migrate';
import { requestBuild, requestDelete } from '../../../../src/workflows/workspace/rules/requests';
import { takeSignal } from '../../../../src/workflows/workspace/rules/signals';
import { createState, currentBuild, type State } from '../../../../src/workflows/workspace/rules/state';
import { viewDetails } from '../../../../src/workflows/workspace/rules/view/current-details';
import { viewExplain } from '../../../../src/workflows/workspace/rules/view/explain';
import { viewBuild, viewStatus } from '../../../../src/workflows/workspace/rules/view/status';
import { COLUMNS, copy, created, HOUR_MS, inColumn, NOW, running } from '../../../support/workflows/state-builders';

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

const LETTERS = [
  ['plain letters', 'x'],
  ['quotes', '"'],
  ['letters of another alphabet', 'ж'],
  ['ideographs', '語'],
  ['emojis', '😀'],
  ['control characters', '\u0001'],
  ['halves of emojis', '\ud83d'],
];
test.each(LETTERS)(
  'A state at its fullest, filled with %s by people, images, and failures, stays under 200 KiB.',
  (_, letter) => {
    const state = fullest(letter);
    expect(state.history).toHaveLength(50);
    expect(viewStatus(state).secrets).toHaveLength(200);
    expect(state.builds).toHaveLength(10);
    expect(Buffer.byteLength(JSON.stringify(state))).toBeLessThan(LIMIT_BYTES);
  },
);

test.each(LETTERS)('All that others see of a state filled with %s is made all the same, and within limits.', (_, letter) => {
  const state = fullest(letter);
  expect(Buffer.byteLength(JSON.stringify([viewStatus(state), viewExplain(state, NOW)]))).toBeLessThan(LIMIT_BYTES);
  expect(Buffer.byteLength(viewDetails(state, NOW))).toBeLessThanOrEqual(20_000);
  const build = viewBuild(state, null);
  const messages = [...build.warnings, ...build.steps.map(({ message }) => message ?? ''), build.failure?.message ?? ''];
  expect(messages.filter((message) => message.length > 500)).toEqual([]);
  const lines = build.steps.map(({ lastLines = [] }) => lastLines);
  expect(lines.filter((of) => of.length > 50 || of.some((line) => line.length > 300))).toEqual([]);
});

test('Fifty lines of 300 plain letters are kept whole.', () => {
  const simulator = created();
  simulator.text = 'x'.repeat(300);
  simulator.settle();
  expect(simulator.state.builds[0]?.steps[4]?.lastLines.map(({ length }) => length)).toEqual(Array(50).fill(300));
});

test('A state that an older version handed over has what was added since.', () => {
  const { homeMayExist: _, blocked: __, secrets: ___, ...older } = running().state;
  const secrets = { pod: null, changes: null, begunAt: 0, isRefreshing: false };
  expect(migrate(older as State)).toMatchObject({ homeMayExist: true, blocked: null, secrets });
  expect(migrate({ ...older, home: null, adopt: true } as State)).toMatchObject({ homeMayExist: false });
});

/**
 * Everything as long as it can come: env of 32 KiB as it is kept, texts of 200, ten builds, 50 entries, and whatever a pod, an image, or
 * a failure says 900 times over, 100 KB each time.
 */
function fullest(letter: string): State {
  const text = letter.repeat(letter.length > 1 ? 100 : 200);
  const bytes = Buffer.byteLength(JSON.stringify(letter)) - 2;
  const uri = `https://example.com/${'a'.repeat(1_900)}`;
  const git = fullestGit();
  const simulator = created(
    { env: { A: letter.repeat((32 * 1024 - 1) / bytes) }, by: text, dotfiles: { uri } },
    { git, images: fullestImages() },
  );
  const { state } = simulator;
  simulator.injection = fullestInjection();
  state.own.image = `${'a'.repeat(126)}:${'b'.repeat(128)}`;
  simulator.text = letter.repeat(100_000 / letter.length);
  simulator.settle();
  const schedule = { time: '08:30', timeZone: 'America/Argentina/ComodRivadavia', weekdays: ['mon', 'tue'] };
  for (let count = 0; count < 60; count += 1) {
    requestBuild(state, 'rebuild', { by: text, reason: text }, simulator.now);
    simulator.outcomes = count % 2 === 1 ? ['failed'] : ['done', 'done', 'done', 'done', 'warning', 'warning'];
    simulator.settle();
  }
  requestConfigure(state, { autoStart: schedule }, simulator.now);
  const wanted = wantedPlan(state, simulator.now);
  if (wanted) takePlan(state, wanted.key, { because: simulator.text }, simulator.now);
  takeSignal(state, 'ping', { via: text }, simulator.now);
  takeSignal(state, 'stop', { by: text, reason: letter.repeat(201) }, simulator.now);
  requestBuild(state, 'rebuild', { by: text, reason: text }, simulator.now);
  simulator.outcomes = ['done', 'done', 'done', 'done', 'warning', 'warning'];
  simulator.settle();
  takeSignal(state, 'secretsChanged', { delayMs: 45_000 }, simulator.now);
  simulator.settle();
  takeSignal(state, 'podLost', { build: state.buildNumber, reason: simulator.text, counted: true }, simulator.now);
  requestDelete(state, { by: text }, simulator.now);
  noteBlocked(state, { type: 'HomeBusy', message: simulator.text }, simulator.now);
  return state;
}

/** As many bytes as a policy takes. */
function fullestGit(): GitHostPolicy[] {
  const host = 'git.example.com';
  const empty = JSON.stringify([{ host, knownHosts: ['', '', ''] }]).length;
  const [short, long] = [2_600, 8 * 1024 - empty - 5_200];
  const line = (length: number) => `${host} ssh-rsa AAAA`.padEnd(length, 'B');
  return [{ host, knownHosts: [line(short), line(short), line(long)] }];
}

/** As many bytes as a policy takes; the image of the state is among them. */
function fullestImages(): ImagePolicy[] {
  const name = 'a'.repeat(126);
  const tags = Object.fromEntries(Array.from({ length: 52 }, (_, index) => [`${index}`.padEnd(128, 'b'), 'deprecated' as const]));
  return [{ name, defaultTag: 'b'.repeat(128), tags }];
}

/** A hundred secrets of each scope, their names as long as they can be. */
function fullestInjection(): Injection {
  const of = (scope: SecretScope) =>
    Array.from({ length: 100 }, (_, index) => ({ name: `${index}`.padEnd(100, 'x'), scope, version: 10_000 + index }));
  const fingerprint = `SHA256:${'x'.repeat(43)}`;
  return {
    delivered: [...of('owner'), ...of('organization')],
    fingerprint,
    expiresAt: NOW + 2 * HOUR_MS,
    warnings: ['a file is in the way'],
    isEmpty: false,
  };
}
