import type { Answer, DeleteAnswer } from '../../../../src/contract/payloads';
import type { KnownPolicy } from '../../../../src/contract/policy';
import { requestConfigure } from '../../../../src/workflows/workspace/rules/configure';
import {
  type Column,
  columnOf,
  REQUESTS,
  type RequestName,
  requestBuild,
  requestDelete,
  requestRestore,
  requestStop,
} from '../../../../src/workflows/workspace/rules/requests';
import { takeSignal } from '../../../../src/workflows/workspace/rules/signals';
import type { State } from '../../../../src/workflows/workspace/rules/state';
import { viewDetails } from '../../../../src/workflows/workspace/rules/view/current-details';
import { viewExplain } from '../../../../src/workflows/workspace/rules/view/explain';
import { viewStatus } from '../../../../src/workflows/workspace/rules/view/status';
import { COLUMNS, copy, DAY_MS, inColumn, NOW, refusalOf } from '../../../support/workflows/state-builders';

/** A cell of the table in docs/messages.md: outcome, the state after, and the answered build or purgeAt. */
type Expected = [outcome: string, state: string, extra?: 'current' | 'next' | 'kept' | 'later'];

const REFUSED: Expected = ['NotAllowed', ''];

/** The table of requests of docs/messages.md, cell by cell. `current`: the newest build's number, `next`: one above; `later`: now plus retention. */
const TABLE: Record<RequestName, Record<Column, Expected>> = {
  start: {
    off: ['accepted', 'building', 'next'],
    building: ['merged', 'building', 'current'],
    running: ['already', 'running', 'current'],
    'turning-off': ['accepted', 'turning-off', 'next'],
    error: ['accepted', 'building', 'next'],
    deleting: REFUSED,
    deleted: REFUSED,
  },
  rebuild: {
    off: ['accepted', 'building', 'next'],
    building: ['merged', 'building', 'current'],
    running: ['accepted', 'building', 'next'],
    'turning-off': ['accepted', 'turning-off', 'next'],
    error: ['accepted', 'building', 'next'],
    deleting: REFUSED,
    deleted: REFUSED,
  },
  stop: {
    off: ['already', 'off'],
    building: ['accepted', 'turning-off'],
    running: ['accepted', 'turning-off'],
    'turning-off': ['merged', 'turning-off'],
    error: ['accepted', 'off'],
    deleting: REFUSED,
    deleted: REFUSED,
  },
  cancelBuild: {
    off: ['already', 'off'],
    building: ['accepted', 'turning-off', 'current'],
    running: ['already', 'running'],
    'turning-off': ['already', 'turning-off'],
    error: ['already', 'error'],
    deleting: ['already', 'turning-off'],
    deleted: ['already', 'deleted'],
  },
  delete: {
    off: ['accepted', 'deleted', 'later'],
    building: ['accepted', 'turning-off', 'later'],
    running: ['accepted', 'turning-off', 'later'],
    'turning-off': ['accepted', 'turning-off', 'later'],
    error: ['accepted', 'deleted', 'later'],
    deleting: ['already', 'turning-off', 'kept'],
    deleted: ['already', 'deleted', 'kept'],
  },
  restore: {
    off: ['already', 'off'],
    building: ['already', 'building'],
    running: ['already', 'running'],
    'turning-off': ['already', 'turning-off'],
    error: ['already', 'error'],
    deleting: ['accepted', 'turning-off'],
    deleted: ['accepted', 'off'],
  },
};

/** The outcomes that each word of the table in code stands for. */
const WORDS: Record<(typeof REQUESTS)[RequestName][Column], string[]> = {
  build: ['accepted'],
  merge: ['merged'],
  replace: ['merged', 'accepted'],
  queue: ['accepted'],
  already: ['already'],
  refuse: ['NotAllowed'],
  turnOff: ['accepted'],
  takeBack: ['merged'],
  enterOff: ['accepted'],
  enterDeleted: ['accepted'],
  redirect: ['accepted'],
  purgeNow: ['already'],
};

const NAMES = Object.keys(TABLE) as RequestName[];
const CELLS = NAMES.flatMap((name) => COLUMNS.map((column) => [name, column, TABLE[name][column]] as const));

test.each(COLUMNS)('The column %s is reached by a workspace as it lives.', (column) => {
  expect(columnOf(inColumn(column).state)).toBe(column);
});

test('The table in code has the cells of the contract, no more and no fewer, and each means the same.', () => {
  expect(Object.keys(REQUESTS).sort()).toEqual([...NAMES].sort());
  for (const name of NAMES) {
    expect(Object.keys(REQUESTS[name]).sort()).toEqual([...COLUMNS].sort());
    for (const column of COLUMNS) {
      const outcomes = WORDS[REQUESTS[name][column]];
      expect({ name, column, outcomes }).toEqual({ name, column, outcomes: expect.arrayContaining([TABLE[name][column][0]]) });
    }
  }
});

test.each(CELLS)('The request %s in %s is answered with %j.', (name, column, [outcome, state, extra]) => {
  const simulator = inColumn(column);
  const before = copy(simulator.state);
  simulator.now += DAY_MS / 24;
  if (outcome === 'NotAllowed') {
    const refusal = refusalOf(() => ask(simulator.state, name, {}, simulator.now));
    expect(refusal).toMatchObject({ type: 'NotAllowed', message: expect.stringContaining(name) });
    expect(simulator.state).toStrictEqual(before);
    return;
  }
  const answer = ask(simulator.state, name, {}, simulator.now);
  expect(answer).toStrictEqual({ outcome, state, ...extraOf(name, extra, before, simulator.now) });
  if (outcome === 'already') expect(simulator.state).toStrictEqual(before);
});

test.each(NAMES)('The answer to %s has the state after the request was taken, in every state.', (name) => {
  for (const column of COLUMNS) {
    const { state, now } = inColumn(column);
    if (TABLE[name][column] === REFUSED) continue;
    expect(ask(state, name, {}, now).state).toBe(state.phase);
  }
});

test.each(COLUMNS)('A delete with purge in %s is accepted, and purgeAt is the moment itself.', (column) => {
  const { state, now } = inColumn(column);
  const answer = requestDelete(state, { purge: true, by: 'ada' }, now + 5);
  expect(answer).toMatchObject({ outcome: 'accepted', purgeAt: new Date(now + 5).toISOString() });
  expect(['deleted', 'turning-off']).toContain(answer.state);
});

test.each(COLUMNS)('A configure in %s starts, stops, and rebuilds nothing, and is refused once it is deleted.', (column) => {
  const { state, now } = inColumn(column);
  const { phase, history, next, ending, builds } = copy(state);
  const work = () => requestConfigure(state, { image: 'starter:2', env: { A: 'b' } }, now);
  if (column === 'deleted' || column === 'deleting') {
    const before = copy(state);
    expect(refusalOf(work).type).toBe('NotAllowed');
    expect(state).toStrictEqual(before);
    return;
  }
  work();
  expect(state).toMatchObject({ phase, history, next, ending, builds, own: { image: 'starter:2', env: { A: 'b' } } });
});

test.each(COLUMNS)('A ping in %s counts as access while building or running, and otherwise has no effect.', (column) => {
  const { state, now } = inColumn(column);
  const before = copy(state);
  takeSignal(state, 'ping', { via: 'ssh' }, now + 7);
  const counts = column === 'building' || column === 'running';
  expect(state).toStrictEqual(counts ? { ...before, lastAccess: { at: now + 7, via: 'ssh' } } : before);
});

test('A stop in off, asked for in the moment before a waiting start begins, takes that start back.', () => {
  const simulator = inColumn('turning-off');
  requestBuild(simulator.state, 'start', {}, simulator.now);
  while (simulator.state.phase !== 'off') simulator.turn();
  requestStop(simulator.state, 'stop', {}, simulator.now);
  simulator.settle();
  expect(simulator.state.phase).toBe('off');
});

test('A running workspace answers a start with already, also when the policy has come to refuse its size.', () => {
  const { state, now } = inColumn('running', { resources: { cpu: '4' } });
  if (state.policy) state.policy.resources.max = { cpu: '2' };
  expect(requestBuild(state, 'start', {}, now)).toEqual({ outcome: 'already', state: 'running', build: 1 });
});

test.each([
  ['a start', (state: State) => requestBuild(state, 'start', { by: 'ada' }, NOW)],
  ['a rebuild to the same', (state: State) => requestBuild(state, 'rebuild', { by: 'ada' }, NOW)],
])('A %s during a scheduled build changes only its priority.', (_, request) => {
  const { state } = inColumn('building');
  const [build] = state.builds;
  if (build) build.cause = 'auto-start';
  const before = copy(state);
  expect(request(state)).toEqual({ outcome: 'merged', state: 'building', build: 1 });
  expect(build?.isHastened).toBe(true);
  delete build?.isHastened;
  expect(state).toStrictEqual({ ...before, byHandAt: NOW });
});

test.each<[string, (state: State, now: number) => unknown]>([
  ['A rebuild', (state, now) => requestBuild(state, 'rebuild', {}, now)],
  ['A status', (state) => viewStatus(state)],
  ['An explanation', (state, now) => viewExplain(state, now)],
  ['The current details', (state, now) => viewDetails(state, now)],
])('%s: the specification of the next build is resolved once.', (_, work) => {
  const { state, now } = inColumn('running');
  const policy = state.policy as KnownPolicy;
  let resolved = 0;
  // Each resolution reads the default resources once.
  const resources = {
    max: null,
    get default() {
      resolved += 1;
      return policy.resources.default;
    },
  };
  state.policy = { ...policy, resources };
  work(state, now);
  expect(resolved).toBe(1);
});

test('A rebuild that corrects settings which the policy refuses by now is taken, also while another build is queued.', () => {
  const { state, now } = inColumn('turning-off', { resources: { cpu: '4' } });
  requestBuild(state, 'start', {}, now);
  if (state.policy) state.policy.resources.max = { cpu: '2' };
  const answer = requestBuild(state, 'rebuild', { resources: { cpu: '2' } }, now);
  expect(answer).toMatchObject({ outcome: 'accepted', state: 'turning-off', build: 3 });
});

function ask(state: State, name: RequestName, input: unknown, now: number): Answer | DeleteAnswer {
  if (name === 'start' || name === 'rebuild') return requestBuild(state, name, input, now);
  if (name === 'stop' || name === 'cancelBuild') return requestStop(state, name, input, now);
  return name === 'delete' ? requestDelete(state, input, now) : requestRestore(state, input, now);
}

function extraOf(name: RequestName, extra: Expected[2], before: State, now: number): object {
  if (name !== 'delete') {
    const newest = before.builds.at(-1)?.number ?? null;
    return { build: extra === 'current' ? newest : extra === 'next' ? before.buildNumber + 1 : null };
  }
  const at = extra === 'kept' ? before.purgeAt : now + 7 * DAY_MS;
  return { purgeAt: at === null ? null : new Date(at).toISOString() };
}
