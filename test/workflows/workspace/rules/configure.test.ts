import { nextSpec } from '../../../../src/workflows/workspace/rules/build-spec';
import { requestConfigure } from '../../../../src/workflows/workspace/rules/configure';
import { takePolicy } from '../../../../src/workflows/workspace/rules/policy-update';
import { requestBuild } from '../../../../src/workflows/workspace/rules/requests';
import { viewStatus } from '../../../../src/workflows/workspace/rules/view/status';
import { copy, inColumn, policyWith, refusalOf, running } from '../../../support/workflows/state-builders';

const OWN = {
  image: 'starter:1',
  resources: { cpu: '2', memory: '4Gi' },
  env: { A: '1', B: '2' },
  dotfiles: { uri: 'https://example.com/a' },
  autoStart: { time: '08:30', timeZone: 'UTC' },
  autoOff: { after: '8h' },
};
const POLICY = { autoOff: { userControlled: true } };

test('The named fields become own settings of the workspace, and the others stay.', () => {
  const { state, now } = running(OWN, POLICY);
  requestConfigure(state, { image: 'starter:2' }, now);
  expect(state.own).toEqual({ ...OWN, image: 'starter:2' });
  requestConfigure(state, {}, now);
  expect(state.own).toEqual({ ...OWN, image: 'starter:2' });
});

test('Env replaces the old one whole, resources field by field.', () => {
  const { state, now } = running(OWN, POLICY);
  requestConfigure(state, { env: { C: '3' }, resources: { cpu: '1' } }, now);
  expect(state.own).toMatchObject({ resources: { cpu: '1', memory: '4Gi' } });
  expect(state.own.env).toEqual({ C: '3' });
});

test('The same holds for a rebuild, which makes image, resources, and env the own ones of the workspace.', () => {
  const { state, now } = running(OWN, POLICY);
  requestBuild(state, 'rebuild', { image: 'starter:2', env: { C: '3' }, resources: { cpu: '1' } }, now);
  expect(state.own).toEqual({ ...OWN, image: 'starter:2', env: { C: '3' }, resources: { cpu: '1', memory: '4Gi' } });
});

test('Null clears a setting, and the organization fills it in again; the disk never shrinks for it.', () => {
  const { state, now } = running({ ...OWN, resources: { cpu: '2', disk: '20Gi' } }, POLICY);
  const nulls = { env: null, dotfiles: null, autoStart: null, autoOff: null, resources: null };
  requestConfigure(state, nulls, now);
  expect(viewStatus(state)).toMatchObject({
    resources: { cpu: '1', memory: '2Gi', disk: '20Gi' },
    env: {},
    dotfiles: null,
    autoStart: null,
    autoOff: { after: '2h', source: 'organization' },
  });
});

test('Clearing the image is refused where the organization has none to fill in, and everything stays as it is.', () => {
  const { state, now } = running(OWN, POLICY);
  const before = copy(state);
  expect(refusalOf(() => requestConfigure(state, { image: null }, now)).type).toBe('InvalidRequest');
  expect(state).toStrictEqual(before);
});

test('Blank dotfiles mean none.', () => {
  const { state, now } = running(OWN, POLICY);
  requestConfigure(state, { dotfiles: { uri: ' ' } }, now);
  expect(viewStatus(state).dotfiles).toBeNull();
  expect(nextSpec(state)?.dotfiles).toBeNull();
});

test('The status names what waits for the next build, and nothing is rebuilt.', () => {
  const { state, now } = inColumn('running');
  requestConfigure(state, { image: 'starter:2' }, now);
  const status = viewStatus(state);
  expect(status).toMatchObject({
    state: 'running',
    image: { reference: 'starter:2', digest: null },
    build: { image: { reference: 'starter:1' } },
  });
  expect(status.rebuildRequired).toMatch(/starter:2.*now starter:1/);
});

test.each([
  ['image', { image: 'no image' }, 'InvalidRequest'],
  ['resources.cpu', { resources: { cpu: '64' } }, 'NotAllowed'],
  ['resources.disk', { resources: { disk: '1Gi' } }, 'InvalidRequest'],
  ['env', { env: { HOME: '/' } }, 'InvalidRequest'],
  ['dotfiles.uri', { dotfiles: { uri: 'http://example.com' } }, 'InvalidRequest'],
  ['autoStart.time', { autoStart: { time: '8', timeZone: 'UTC' } }, 'InvalidRequest'],
  ['autoOff', { autoOff: { after: '8h' } }, 'NotAllowed'],
  ['by', { by: 'x'.repeat(201) }, 'InvalidRequest'],
])('A wrong %s is refused, also among right ones, and nothing changes.', (field, change, type) => {
  const { state, now } = running({}, { resources: { max: { cpu: '8' } } });
  const before = copy(state);
  const refusal = refusalOf(() => requestConfigure(state, { image: 'starter:2', ...change }, now));
  expect(refusal).toMatchObject({ type, message: expect.stringMatching(`^${field}: `) });
  expect(state).toStrictEqual(before);
});

test.each([
  [{ image: 'starter:2' }],
  [{ resources: { memory: '1Gi' } }],
  [{ autoStart: { time: '08:30', timeZone: 'UTC' } }],
  [{ autoOff: null }],
  [{ env: { A: '1' } }],
])('A change of %j is not refused for other settings that the organization has come to forbid.', (change) => {
  const { state, now } = running({ ...OWN, autoOff: { after: '8h' } }, POLICY);
  takePolicy(state, policyWith({ resources: { max: { cpu: '1' } }, autoOff: { userControlled: false } }, 2), now);
  expect(() => requestConfigure(state, change, now)).not.toThrow();
});

test.each([
  [{ resources: { cpu: '3' } }, 'NotAllowed', /^resources\.cpu: /],
  [{ autoOff: { after: '1h' } }, 'NotAllowed', /^autoOff: /],
  [{ resources: { disk: '1Gi' } }, 'InvalidRequest', /^resources\.disk: /],
])('A change of %j is refused where the field it names is forbidden.', (change, type, message) => {
  const { state, now } = running(OWN, POLICY);
  takePolicy(state, policyWith({ resources: { max: { cpu: '1' } }, autoOff: { userControlled: false } }, 2), now);
  const refusal = refusalOf(() => requestConfigure(state, change, now));
  expect({ type: refusal.type, message: refusal.message }).toEqual({ type, message: expect.stringMatching(message) });
});
