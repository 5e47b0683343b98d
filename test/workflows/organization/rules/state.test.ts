import {
  applyPolicyChange,
  changedAt,
  createOrganization,
  migrateOrganization,
  type OrganizationState,
  pushQueueOf,
  viewOrganizationDetails,
  viewOrganizationUsage,
  viewPolicy,
} from '../../../../src/workflows/organization/rules/state';
import { organization, REPORT, takeReports } from '../../../support/workflows/organization-builders';
import { copy, NOW, refusalOf } from '../../../support/workflows/state-builders';

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

test('A change for a certain version of the policy is refused, and changes nothing, once the policy has another one.', () => {
  const state = createOrganization({ name: 'math' }, NOW);
  expect(applyPolicyChange(state, { retention: '1d', ifVersion: 1 }, NOW).version).toBe(2);
  const before = copy(state);
  const refusal = refusalOf(() => applyPolicyChange(state, { retention: '2d', ifVersion: 1 }, NOW));
  expect(refusal).toMatchObject({ type: 'NotAllowed', message: 'ifVersion: the policy has version 2 by now, not 1' });
  expect(refusalOf(() => applyPolicyChange(state, { ifVersion: 'latest' }, NOW)).type).toBe('InvalidRequest');
  expect(state).toEqual(before);
  expect(applyPolicyChange(state, { retention: '2d', ifVersion: null }, NOW).version).toBe(3);
});

test('The last 50 changes are kept.', () => {
  const state = organization();
  for (let count = 0; count < 60; count += 1) applyPolicyChange(state, { retention: '1d' }, NOW);
  const versions = viewPolicy(state).changes.map(({ version }) => version);
  expect(versions).toEqual(Array.from({ length: 50 }, (_, index) => index + 12));
});

test('The changes that are kept stay small, whatever names a change has.', () => {
  const state = organization();
  const names = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`name-${index}`.padEnd(200, 'x'), 1]));
  for (let count = 0; count < 60; count += 1) {
    applyPolicyChange(state, { autoOff: { ...names, after: '1h' }, build: names, by: 'é'.repeat(200) }, NOW);
  }
  expect(viewPolicy(state).changes.at(-1)?.fields).toEqual(['autoOff.after']);
  expect(JSON.stringify(viewPolicy(state).changes).length).toBeLessThan(50_000);
});

test('Those with an older policy are behind, the running ones first; of a large organization only those.', () => {
  const state = organization(
    { running: false },
    { workspace: 'workspace/eve/dev', id: 'w2', owner: 'eve' },
    { workspace: 'workspace/eve/two', id: 'w3', owner: 'eve', policyAt: NOW + 10 },
  );
  expect([...pushQueueOf(state).keys()]).toEqual([]);
  applyPolicyChange(state, { retention: '1d' }, NOW + 5);
  expect([...pushQueueOf(state).keys()]).toEqual(['eve/w2', 'eve/w3', 'ada/w1']);
  state.members.pushesToAll = false;
  expect([...pushQueueOf(state).keys()]).toEqual(['eve/w2', 'eve/w3']);
});

test('Two changes in one instant are recorded at different moments.', () => {
  const state = organization();
  applyPolicyChange(state, { retention: '1d' }, NOW);
  applyPolicyChange(state, { retention: '2d' }, NOW);
  expect(changedAt(state)).toBe(NOW + 2);
});

test('What an earlier version handed over goes on: its policy, its changes, and what its workspaces reported.', () => {
  const { policy, changes } = organization();
  const { defaultImage: _, ...oldPolicy } = policy;
  const report = { sequence: 3, owner: 'ada', running: true, home: true, cpu: '500m', memory: '2Gi', disk: '10Gi' };
  const workspaces = {
    'workspace/ada/dev': { ...report, workspace: 'workspace/ada/dev', id: 'w1', policyVersion: 1 },
    'workspace/ada/old': { ...report, workspace: 'workspace/ada/old', policyVersion: 0 },
  };
  const carried = copy({ schemaVersion: 1, name: 'math', policy: oldPolicy, changes, workspaces });
  const state = migrateOrganization(carried as unknown as OrganizationState);
  expect(viewPolicy(state)).toEqual({ ...policy, changes });
  expect(viewOrganizationUsage(state)).toEqual({
    owners: { ada: { running: 2, homes: 2, cpu: '1', memory: '4Gi', disk: '20Gi' } },
  });
  expect([...pushQueueOf(state).keys()]).toEqual(['ada/-old']);
  takeReports(state, { ...REPORT, workspace: 'workspace/ada/old', id: 'w9', running: false, sequence: NOW });
  expect(viewOrganizationUsage(state).owners.ada).toMatchObject({ running: 1, homes: 3 });
  expect(migrateOrganization(copy(state))).toEqual(state);
});

test('The details name what runs, the rules in force, and the last change.', () => {
  const state = organization({});
  applyPolicyChange(state, { autoOff: { after: '1h', userControlled: true }, by: 'eve' }, NOW);
  const details = viewOrganizationDetails(state);
  expect(details).toMatch(/^\*\*1 running\*\* of 1 workspaces, policy version 2/);
  expect(details).toMatch(/after 1h.*by eve: autoOff.after, autoOff.userControlled/s);
});

test('The details name the images with the states of their tags, the quotas, and who is suspended, up to ten of each.', () => {
  const state = organization({});
  expect(viewOrganizationDetails(state)).toContain('\n\nImages: any\n\nLast change');
  const images = [{ name: 'starter', defaultTag: '2', tags: { 0: 'decommissioned', 1: 'deprecated', 2: 'available' } }];
  const suspendedOwners = Array.from({ length: 12 }, (_, index) => `owner-${index}`);
  const quota = { runningPerOwner: 2, diskPerOwner: '1Ti' };
  applyPolicyChange(state, { images, suspendedOwners, quota, defaultImage: 'starter:1' }, NOW);
  const details = viewOrganizationDetails(state);
  expect(details).toContain('\nImages: `starter:2` (0 decommissioned, 1 deprecated); default `starter:1`\n');
  expect(details).toContain('\nQuota: runningPerOwner 2, diskPerOwner 1Ti\n');
  expect(details).toMatch(/\n\*\*Suspended:\*\* owner-0, .*owner-9, and 2 more\n/);
});
