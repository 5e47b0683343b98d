import { requestBuild } from '../../../../../src/workflows/workspace/rules/requests';
import { takeSignal } from '../../../../../src/workflows/workspace/rules/signals';
import { viewBuild, viewStatus } from '../../../../../src/workflows/workspace/rules/view/status';
import {
  COLUMNS,
  copy,
  created,
  inColumn,
  MINUTE_MS,
  NOW,
  refusalOf,
  running,
} from '../../../../support/workflows/state-builders';

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

test('The status has every field of the contract, and no other.', () => {
  const { state } = running({ autoStart: { time: '08:30', timeZone: 'UTC' } });
  const status = viewStatus(state);
  expect(Object.keys(status)).toEqual([
    'workspace',
    'id',
    'organization',
    'state',
    'since',
    'purgeAt',
    'image',
    'resources',
    'env',
    'dotfiles',
    'build',
    'autoOff',
    'autoStart',
    'rebuildRequired',
    'secrets',
    'sshKey',
    'rejected',
    'policyVersion',
  ]);
  const { build, autoOff, autoStart } = status;
  expect(Object.keys(build ?? {})).toEqual([
    'number',
    'cause',
    'by',
    'image',
    'startedAt',
    'endedAt',
    'steps',
    'warnings',
    'failure',
  ]);
  expect(Object.keys(build?.steps[0] ?? {}).sort()).toEqual(['attempt', 'endedAt', 'message', 'name', 'startedAt', 'state']);
  expect(Object.keys(autoOff)).toEqual(['at', 'after', 'source', 'lastAccess']);
  expect(Object.keys(autoStart ?? {})).toEqual(['at', 'beginsAt', 'time', 'timeZone', 'weekdays', 'blockedBecause']);
});

test('The status of a workspace as it runs says what it is, what it wants, and what comes.', () => {
  const simulator = running({ env: { A: 'b' }, by: 'eve' });
  takeSignal(simulator.state, 'ping', { via: 'ssh' }, simulator.now);
  const at = new Date(simulator.now).toISOString();
  expect(viewStatus(simulator.state)).toMatchObject({
    workspace: 'ada/dev',
    id: 'home-1',
    organization: 'default',
    state: 'running',
    since: at,
    purgeAt: null,
    image: { reference: 'starter:1', digest: 'sha256:starter:1' },
    resources: { cpu: '1', memory: '2Gi', disk: '10Gi' },
    env: { A: 'b' },
    dotfiles: null,
    build: { number: 1, cause: 'created', by: 'eve', startedAt: new Date(NOW).toISOString(), endedAt: at, failure: null },
    autoOff: { at: new Date(simulator.now + 120 * MINUTE_MS).toISOString(), after: '2h', lastAccess: { at, via: 'ssh' } },
    autoStart: null,
    rebuildRequired: null,
    rejected: { count: 0, last: null },
    policyVersion: 1,
  });
});

test.each(COLUMNS)('In %s every instant of the status is ISO 8601 in UTC, and a view changes nothing.', (column) => {
  const { state } = inColumn(column, { autoStart: { time: '08:30', timeZone: 'UTC' } });
  const before = copy(state);
  const status = viewStatus(state);
  const instants = [
    status.since,
    status.purgeAt,
    status.autoOff.at,
    status.autoStart?.at,
    status.build?.startedAt,
    status.build?.endedAt,
  ];
  for (const instant of instants) expect(instant ?? '2026-01-01T00:00:00.000Z').toMatch(INSTANT);
  expect(state).toStrictEqual(before);
  expect(copy(status)).toStrictEqual(status);
});

test('Without a number the newest build is shown; its ended steps have their last lines, the others have none.', () => {
  const simulator = running();
  expect(viewBuild(simulator.state, null).steps.map(({ name, lastLines }) => [name, lastLines])).toContainEqual([
    'configure',
    ['hello from the hook'],
  ]);
  expect(viewBuild(inColumn('building').state, 1).steps.at(-1)).not.toHaveProperty('lastLines');
  requestBuild(simulator.state, 'rebuild', {}, simulator.now);
  simulator.settle();
  expect(viewBuild(simulator.state, 1).steps.every((step) => !('lastLines' in step))).toBe(true);
  expect(viewBuild(simulator.state, null).number).toBe(2);
});

test('A number that is not kept is NotFound, in a sentence that names the kept ones.', () => {
  expect(refusalOf(() => viewBuild(running().state, 7))).toMatchObject({
    type: 'NotFound',
    message: 'build: expected the number of a build that is kept (1), got 7',
  });
  expect(refusalOf(() => viewBuild(created().state, null)).type).toBe('NotFound');
});

test('A policy that refuses what the workspace wants breaks no view.', () => {
  const { state } = running({ resources: { cpu: '4' } });
  if (state.policy) state.policy.resources.max = { cpu: '2' };
  expect(viewStatus(state)).toMatchObject({
    resources: { cpu: '4', memory: '2Gi', disk: '10Gi' },
    image: { reference: 'starter:1' },
  });
});
