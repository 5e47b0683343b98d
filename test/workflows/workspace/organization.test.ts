import {
  applyPolicyChange,
  createOrganization,
  duePush,
  viewOrganizationDetails,
  viewPolicy,
} from '../../../src/workflows/workspace/organization';
import { copy, NOW, refusalOf } from './scene';
import { organization } from './organization-scene';

test('An organization begins with version 1 of the default policy, and takes what it is given over it.', () => {
  const state = createOrganization({ name: 'math', policy: { autoOff: { after: '1h' } }, by: 'root' }, NOW);
  expect(viewPolicy(state)).toMatchObject({ version: 1, autoOff: { after: '1h', userControlled: false }, retention: '7d' });
  expect(viewPolicy(state).changes).toEqual([
    { at: new Date(NOW).toISOString(), by: 'root', version: 1, fields: ['autoOff.after'] },
  ]);
});

test.each([[{}], [{ name: 'Math' }], [{ name: 'math', policy: { retention: 1 } }], [{ name: 'math', by: 1 }], ['math']])(
  'The input %j makes no organization.',
  (input) => {
    expect(refusalOf(() => createOrganization(input, NOW)).type).toBe('InvalidRequest');
  },
);

test('Each change of the policy answers the new one, with the next version, and is recorded with who and what.', () => {
  const state = organization();
  const policy = applyPolicyChange(state, { retention: '1d', by: 'eve' }, NOW + 5);
  expect(policy).toMatchObject({ version: 2, retention: '1d' });
  expect(viewPolicy(state).changes.at(-1)).toEqual({
    at: new Date(NOW + 5).toISOString(),
    by: 'eve',
    version: 2,
    fields: ['retention'],
  });
});

test('A change that is refused changes nothing.', () => {
  const state = organization();
  const before = copy(state);
  expect(refusalOf(() => applyPolicyChange(state, { retention: '1d', autoOff: { after: '1s' } }, NOW)).type).toBe(
    'InvalidRequest',
  );
  expect(refusalOf(() => applyPolicyChange(state, { retention: '1d', by: 'x'.repeat(201) }, NOW)).type).toBe('InvalidRequest');
  expect(state).toStrictEqual(before);
});

test('The last 50 changes are kept.', () => {
  const state = organization();
  for (let count = 0; count < 60; count += 1) applyPolicyChange(state, { retention: '1d' }, NOW);
  const versions = viewPolicy(state).changes.map(({ version }) => version);
  expect(versions).toEqual(Array.from({ length: 50 }, (_, index) => index + 12));
});

test('Those with an older policy are told the newest, and nobody else is.', () => {
  const state = organization({}, { workspace: 'workspace/eve/dev', owner: 'eve', policyVersion: 2 });
  expect(duePush(state)).toBeNull();
  const policy = applyPolicyChange(state, { retention: '1d' }, NOW);
  expect(duePush(state)).toEqual({ policy, workspaces: ['workspace/ada/dev'] });
});

test('The details name what runs, the rules in force, and the last change.', () => {
  const state = organization({});
  applyPolicyChange(state, { autoOff: { after: '1h', userControlled: true }, by: 'eve' }, NOW);
  const details = viewOrganizationDetails(state);
  expect(details).toMatch(/^\*\*1 running\*\* of 1 workspaces, policy version 2/);
  expect(details).toMatch(/after 1h.*by eve: autoOff.after, autoOff.userControlled/s);
});
