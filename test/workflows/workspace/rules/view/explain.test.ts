import { requestConfigure } from '../../../../../src/workflows/workspace/rules/configure';
import { requestStop } from '../../../../../src/workflows/workspace/rules/requests';
import { viewDetails } from '../../../../../src/workflows/workspace/rules/view/current-details';
import { viewExplain } from '../../../../../src/workflows/workspace/rules/view/explain';
import { COLUMNS, copy, created, DAY_MS, inColumn, off, running } from '../../../../support/workflows/state-builders';

const SCHEDULE = { autoStart: { time: '08:30', timeZone: 'Europe/Berlin' } };

test.each(COLUMNS)('In %s explain answers a sentence that begins with the state, and changes nothing.', (column) => {
  const { state, now } = inColumn(column, SCHEDULE);
  const before = copy(state);
  const { why, next, wouldChange, history } = viewExplain(state, now);
  expect(why).toMatch(new RegExp(`^${state.phase} since 20.+: .+\\.$`));
  expect(next.map(({ at }) => at)).toEqual(next.map(({ at }) => at).sort());
  for (const sentence of wouldChange) expect(sentence).toMatch(/^[A-Z].+\.$/);
  expect(history).toHaveLength(state.history.length);
  expect(state).toStrictEqual(before);
});

test('Every entry of the history has the fields of the contract, as strings or null.', () => {
  const { state, now } = inColumn('turning-off');
  for (const entry of viewExplain(state, now).history) {
    expect(Object.keys(entry)).toEqual(['at', 'from', 'to', 'cause', 'by', 'rule', 'evidence']);
    for (const value of [entry.by, entry.rule, entry.evidence]) expect(value === null || typeof value === 'string').toBe(true);
  }
});

test('Why names the cause, the requester, and the evidence.', () => {
  const { state, now } = running();
  requestStop(state, 'stop', { by: 'eve', reason: 'going home' }, now);
  expect(viewExplain(state, now).why).toMatch(/a stop was requested \(by eve\) \[going home\]/);
});

test('What comes next is the stop while running, the start while off, and the purge once deleted.', () => {
  const next = (...[column]: Parameters<typeof inColumn>) => {
    const simulator = inColumn(column, SCHEDULE);
    if (column === 'error') simulator.settle();
    return viewExplain(simulator.state, simulator.now).next.map(({ what }) => what);
  };
  expect({
    running: next('running'),
    off: next('off'),
    error: next('error'),
    deleted: next('deleted'),
    deleting: next('deleting'),
  }).toEqual({
    running: ['stop'],
    off: ['start'],
    error: ['start'],
    deleted: ['purge'],
    deleting: ['purge'],
  });
});

test('A rebuild that waits is named among what would change it.', () => {
  const { state, now } = running();
  requestConfigure(state, { image: 'starter:2' }, now);
  expect(viewExplain(state, now).wouldChange.join('\n')).toMatch(/A rebuild is waiting: .*starter:2/);
});

test.each(COLUMNS)('In %s the current details begin with the state and since when, then what comes and why.', (column) => {
  const { state, now } = inColumn(column, SCHEDULE);
  const before = copy(state);
  const [first, blank, second] = viewDetails(state, now).split('\n');
  expect(first).toMatch(new RegExp(`^\\*\\*${state.phase}\\*\\* since 2026-03-02 06:00:\\d\\d UTC · `));
  expect([blank, second]).toEqual(['', expect.stringMatching(/^Why: /)]);
  expect(state).toStrictEqual(before);
});

test('The current details name the image and each step of the build with its time.', () => {
  const { state, now } = running();
  const details = viewDetails(state, now);
  expect(details).toMatch(/starter:1/);
  for (const name of ['admit', 'prepare-home', 'start-pod', 'configure', 'personalize']) {
    expect(details).toMatch(new RegExp(`^- . ${name} 1\\.0 s`, 'm'));
  }
  expect(details).toMatch(/^- – inject-secrets 0\.0 s: there are no secrets to inject$/m);
});

test('The current details say what comes next and when, and why a build failed.', () => {
  expect(viewDetails(off(SCHEDULE).state, 0)).toMatch(/^.*next: start 2026-03-02 07:2/);
  expect(viewDetails(running().state, 0)).toMatch(/^.*next: stop 2026-03-02 08:00/);
  expect(viewDetails(inColumn('error').state, 0)).toMatch(/Failed in start-pod: ImageInvalid: the test said so/);
});

test('Before anything is known, both views are complete.', () => {
  const { state } = created();
  state.policy = null;
  for (const now of [0, state.since, state.since + 365 * DAY_MS]) {
    expect(viewExplain(state, now).why).toMatch(/^building since/);
    expect(viewDetails(state, now)).toMatch(/^\*\*building\*\*/);
  }
});
