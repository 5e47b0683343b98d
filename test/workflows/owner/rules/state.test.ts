import { HOUR_MS, MINUTE_MS } from '../../../../src/contract/duration';
import type { ReserveInput } from '../../../../src/contract/internal/ledger';
import { MAX_ENTRIES } from '../../../../src/workflows/owner/rules/entries';
import {
  beginCheck,
  checkEnded,
  configureOwner,
  createOwner,
  decideOwner,
  isDoubtful,
  migrateOwner,
  type OwnerState,
  pushEnded,
  takeReserve,
} from '../../../../src/workflows/owner/rules/state';
import { copy } from '../../../support/workflows/state-builders';

/** The server's limit for the input of a run. */
const MAX_INPUT_BYTES = 2 * 1024 * 1024;
const NOW = 1_800_000_000_000;
const QUOTA = { runningPerOwner: 1, cpuPerOwner: null, memoryPerOwner: null, homesPerOwner: null, diskPerOwner: null };

const request = (name: string): ReserveInput => {
  const resources = { cpu: '1', memory: '2Gi', disk: '10Gi' };
  return { requests: [{ name, id: name, bornAt: 1, build: 1, resources }], quota: QUOTA, policyAt: 1 };
};

function checked(): OwnerState {
  const state = createOwner({ organization: 'math', owner: 'ada' });
  checkEnded(state, beginCheck(state), { findings: [] }, NOW);
  return state;
}

test('A new owner is checked first, and then sleeps until something is counted.', () => {
  const state = createOwner({ organization: 'math', owner: 'ada' });
  expect(decideOwner(state, NOW)).toEqual({ do: 'check' });
  expect(decideOwner(checked(), NOW)).toEqual({ do: 'sleep', until: null });
});

test('A ledger with a running workspace is checked every hour.', () => {
  const state = checked();
  takeReserve(state, request('dev'));
  const decision = decideOwner(state, NOW);
  const until = decision.do === 'sleep' ? (decision.until ?? 0) : 0;
  expect(until - NOW).toBeGreaterThanOrEqual(HOUR_MS);
  expect(until - NOW).toBeLessThan(1.1 * HOUR_MS);
  expect(decideOwner(state, until)).toEqual({ do: 'check' });
});

test('A failed check is repeated after a pause, and reservations of a new owner wait for its success.', () => {
  const state = createOwner({ organization: 'math', owner: 'ada' });
  checkEnded(state, beginCheck(state), null, NOW);
  expect(state.checkedAt).toBeNull();
  expect(decideOwner(state, NOW)).toMatchObject({ do: 'sleep', until: NOW + 10_000 });
  expect(decideOwner(state, NOW + 10_000)).toEqual({ do: 'check' });
});

test('A refusal is doubtful when the ledger was not checked within a minute.', () => {
  const state = checked();
  takeReserve(state, request('one'));
  const refusal = takeReserve(state, request('two'));
  expect(isDoubtful(state, refusal, NOW + MINUTE_MS)).toBe(false);
  expect(isDoubtful(state, refusal, NOW + MINUTE_MS + 1)).toBe(true);
  expect(isDoubtful(state, takeReserve(state, request('one')), NOW + HOUR_MS)).toBe(false);
});

test('Changed settings are sent to the counted workspaces, again where they did not arrive, five times at most.', () => {
  const state = checked();
  takeReserve(state, request('dev'));
  configureOwner(state, { autoStart: { time: '08:30' }, by: 'ada' }, NOW);
  expect(decideOwner(state, NOW)).toEqual({ do: 'push' });
  expect(state.push?.workspaces).toEqual(['workspace/ada/dev']);
  let now = NOW;
  for (let attempt = 1; attempt < 5; attempt += 1) {
    pushEnded(state, ['workspace/ada/dev'], now);
    expect(decideOwner(state, now)).toMatchObject({ do: 'sleep' });
    now = state.push?.dueAt ?? 0;
    expect(decideOwner(state, now)).toEqual({ do: 'push' });
  }
  pushEnded(state, ['workspace/ada/dev'], now);
  expect(state.push).toBeNull();
});

test('A change that leaves the settings as they are is sent to no workspace.', () => {
  const state = checked();
  takeReserve(state, request('dev'));
  configureOwner(state, { dotfiles: null }, NOW);
  expect([state.push, state.changed?.fields]).toEqual([null, ['dotfiles']]);
});

test('The state is plain JSON: the next run has the same.', () => {
  const state = checked();
  takeReserve(state, request('dev'));
  configureOwner(state, { autoStart: { time: '08:30', timeZone: 'UTC' } }, NOW);
  expect(migrateOwner(copy(state))).toEqual(state);
  expect(() => migrateOwner({ ...state, schemaVersion: 2 } as unknown as OwnerState)).toThrow('schemaVersion');
});

test('A ledger of an earlier version has its sum from the next run on.', () => {
  const state = checked();
  takeReserve(state, request('dev'));
  const { sum: _, ...ledger } = state.ledger;
  expect(migrateOwner({ ...copy(state), ledger } as OwnerState)).toEqual(state);
});

test('At its fullest, with changed settings to be sent to all, the state fits into the input of the next run.', () => {
  const state = createOwner({ organization: 'm'.repeat(40), owner: 'a'.repeat(40) });
  const resources = { cpu: '1234567m', memory: '1234567Mi', disk: '1234567Mi' };
  for (let first = 0; first < MAX_ENTRIES; first += 100) {
    const requests = Array.from({ length: 100 }, (_, index) => ({
      name: String(first + index).padStart(40, 'n'),
      id: String(first + index).padStart(63, 'i'),
      bornAt: NOW,
      build: 99_999,
      resources,
    }));
    takeReserve(state, { requests, quota: { ...QUOTA, runningPerOwner: 9_000 }, policyAt: 1 });
  }
  for (const named of Object.values(state.ledger.entries)) for (const entry of Object.values(named)) entry.sequence = NOW;
  configureOwner(state, { autoStart: { time: '08:30', timeZone: 'UTC' } }, NOW);
  expect(state.push?.workspaces).toHaveLength(MAX_ENTRIES);
  expect(Buffer.byteLength(JSON.stringify(state))).toBeLessThan(MAX_INPUT_BYTES * 0.9);
});

test('The sum of a ledger that an earlier version handed over is missing or wrong, and is computed again.', () => {
  const state = checked();
  takeReserve(state, request('dev'));
  const { sum, ...ledger } = state.ledger;
  expect(sum).toMatchObject({ running: 1, homes: 1 });
  const stale = { ...ledger, sum: { running: 0, homes: 0, cpu: 0, memory: 0, disk: 0 } };
  for (const carried of [ledger, stale]) expect(migrateOwner({ ...state, ledger: carried as never }).ledger.sum).toEqual(sum);
});

test.each([
  [{ owner: 'ada' }, 'organization'],
  [{ organization: 'math', owner: 'Ada' }, 'owner'],
])('The input %j of a new owner is refused.', (input, field) => {
  expect(() => createOwner(input)).toThrow(field);
});
