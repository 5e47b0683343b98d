import fc from 'fast-check';
import type { Policy } from '../../../../src/contract/policy';
import { Refusal } from '../../../../src/workflows/input/refusal';
import { checkPolicy, defaultPolicy, mergePolicy, withNewFields } from '../../../../src/workflows/organization/rules/policy';
import { copy, refusalOf } from '../../../support/workflows/state-builders';

const merge = (change: unknown) => mergePolicy(defaultPolicy(), change).policy;
const checked = (change: Record<string, unknown>) => {
  const policy = merge(change);
  checkPolicy(policy, change);
  return policy;
};

test('The defaults are those of the contract.', () => {
  expect(defaultPolicy()).toStrictEqual({
    version: 1,
    defaultImage: null,
    autoOff: { after: '2h', userControlled: false },
    autoStart: { weekdays: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], timeZone: null, recentUse: '4d' },
    images: [],
    resources: { default: { cpu: '1', memory: '2Gi', disk: '10Gi' }, max: null },
    quota: { runningPerOwner: null, cpuPerOwner: null, memoryPerOwner: null, homesPerOwner: null, diskPerOwner: null },
    build: { deadline: '30m', hookTimeout: '10m' },
    retention: '7d',
    suspendedOwners: [],
    podSecurity: 'restricted',
    git: [],
  });
});

test.each([
  ['autoOff.after alone', { autoOff: { after: '45m' } }, { autoOff: { after: '45m', userControlled: false } }],
  ['autoOff.userControlled alone', { autoOff: { userControlled: true } }, { autoOff: { after: '2h', userControlled: true } }],
  ['never', { autoOff: { after: 'never' } }, { autoOff: { after: 'never', userControlled: false } }],
  ['recentUse alone', { autoStart: { recentUse: '1d' } }, { autoStart: { ...defaultPolicy().autoStart, recentUse: '1d' } }],
  [
    'one default size',
    { resources: { default: { cpu: '2' } } },
    { resources: { default: { cpu: '2', memory: '2Gi', disk: '10Gi' }, max: null } },
  ],
  ['one limit', { resources: { max: { cpu: '8' } } }, { resources: { ...defaultPolicy().resources, max: { cpu: '8' } } }],
  ['a deadline alone', { build: { deadline: '5m' } }, { build: { deadline: '5m', hookTimeout: '10m' } }],
  ['retention', { retention: '30d' }, { retention: '30d' }],
])('A change of %s leaves everything else as it was.', (_, change, expected) => {
  expect(merge(change)).toStrictEqual({ ...defaultPolicy(), ...expected });
});

test('A list replaces: weekdays are not added to those before, and may be none.', () => {
  const first = merge({ autoStart: { weekdays: ['fri', 'mon'] } });
  expect(first.autoStart.weekdays).toEqual(['mon', 'fri']);
  expect(mergePolicy(first, { autoStart: { weekdays: ['tue'] } }).policy.autoStart.weekdays).toEqual(['tue']);
  expect(mergePolicy(first, { autoStart: { weekdays: [] } }).policy.autoStart.weekdays).toEqual([]);
});

test('A zone and the limits can be set and taken away again with null.', () => {
  const set = merge({ autoStart: { timeZone: 'Europe/Berlin' }, resources: { max: { cpu: '8' } } });
  expect(set).toMatchObject({ autoStart: { timeZone: 'Europe/Berlin' }, resources: { max: { cpu: '8' } } });
  expect(mergePolicy(set, { resources: { max: { memory: '8Gi' } } }).policy.resources.max).toEqual({ cpu: '8', memory: '8Gi' });
  expect(mergePolicy(set, { autoStart: { timeZone: null }, resources: { max: null } }).policy).toStrictEqual(defaultPolicy());
});

test('The fields that were set are named as dotted paths, and unknown ones are ignored.', () => {
  const { policy, fields } = mergePolicy(defaultPolicy(), { autoOff: { after: '1h' }, retention: '1d', zebra: 1, by: 'ada' });
  expect(fields).toEqual(['autoOff.after', 'retention']);
  expect(policy).not.toHaveProperty('zebra');
  expect(policy).not.toHaveProperty('by');
});

test('Quotas are merged field by field, and null removes one.', () => {
  const set = merge({ quota: { runningPerOwner: 2, cpuPerOwner: '8', homesPerOwner: 0 } });
  expect(set.quota).toEqual({ ...defaultPolicy().quota, runningPerOwner: 2, cpuPerOwner: '8', homesPerOwner: 0 });
  const { policy, fields } = mergePolicy(set, { quota: { runningPerOwner: null, memoryPerOwner: '64Gi', diskPerOwner: '1Ti' } });
  expect(policy.quota).toEqual({
    runningPerOwner: null,
    cpuPerOwner: '8',
    memoryPerOwner: '64Gi',
    homesPerOwner: 0,
    diskPerOwner: '1Ti',
  });
  expect(fields).toEqual(['quota.runningPerOwner', 'quota.memoryPerOwner', 'quota.diskPerOwner']);
});

test('The lists of images and of suspended owners are replaced as a whole.', () => {
  const images = [{ name: 'starter', defaultTag: '1', tags: { '1': 'available' } }];
  const set = merge({ images, suspendedOwners: ['bob', 'eve'] });
  expect(set).toMatchObject({ images, suspendedOwners: ['bob', 'eve'] });
  expect(mergePolicy(set, { suspendedOwners: ['ada'] }).policy).toMatchObject({ images, suspendedOwners: ['ada'] });
  expect(mergePolicy(set, { images: [], suspendedOwners: [] }).policy).toStrictEqual(defaultPolicy());
});

test('Up to 1,000 owners are suspended at a time, each named once.', () => {
  const owners = Array.from({ length: 1_000 }, (_, index) => `owner-${index}`);
  expect(merge({ suspendedOwners: owners }).suspendedOwners).toEqual(owners);
  expect(refusalOf(() => merge({ suspendedOwners: [...owners, 'one-more'] })).message).toBe(
    'suspendedOwners: expected a list of at most 1000 owners, got a list of 1001',
  );
});

test('What is answered can be sent back whole, with one field edited: version, name, and changes are ignored.', () => {
  const policy = merge({ autoStart: { timeZone: 'Europe/Berlin' }, resources: { max: { cpu: '8' } }, defaultImage: 'starter:1' });
  const answered = { ...copy(policy), version: 7, name: 'math', changes: [{ at: 'then', by: null, version: 7, fields: [] }] };
  expect(mergePolicy(policy, answered).policy).toStrictEqual(policy);
  expect(mergePolicy(policy, { ...answered, retention: '9d' }).policy).toStrictEqual({ ...policy, retention: '9d' });
});

test('A policy from before a field was made has its default.', () => {
  const { defaultImage: _, ...old } = defaultPolicy();
  expect(withNewFields(old as Policy)).toEqual(defaultPolicy());
});

test.each([
  ['cpu', { default: { cpu: '8' }, max: { cpu: '4' } }],
  ['memory', { max: { memory: '1Gi' } }],
  ['disk', { default: { disk: '1Ti' }, max: { disk: '100Gi' } }],
])('A default of %s above the maximum is refused, and both fields are named.', (key, resources) => {
  const { type, message } = refusalOf(() => checked({ resources }));
  expect({ type, message }).toEqual({
    type: 'InvalidRequest',
    message: expect.stringMatching(`^resources\\.default\\.${key}: expected at most resources\\.max\\.${key}, .+, got .+$`),
  });
  expect(checked({ resources: { default: { [key]: '1' }, max: { [key]: '1' } } })).toBeDefined();
});

test.each(['other:1', 'starter:9', 'starter:old', 'starter', 'star'])(
  'Of images that are listed, the defaultImage %s is taken only where they allow it.',
  (defaultImage) => {
    const tags = { '1': 'available', old: 'decommissioned' } as const;
    const policy: Policy = { ...defaultPolicy(), images: [{ name: 'starter', defaultTag: '1', tags }] };
    const change = { defaultImage };
    const check = () => checkPolicy(mergePolicy(policy, change).policy, change);
    if (defaultImage === 'starter') return check();
    expect(refusalOf(check).message).toMatch(/^defaultImage: expected an image that images allows, .*starter, got /);
  },
);

test('A policy that does not fit itself is judged only for what a change names.', () => {
  const policy = merge({ resources: { default: { cpu: '8' }, max: { cpu: '4' } } });
  const change = { retention: '1d' };
  expect(() => checkPolicy(mergePolicy(policy, change).policy, change)).not.toThrow();
});

test('A default image is set, and taken away with null.', () => {
  const policy = merge({ defaultImage: 'registry.example.com/team/tools:2' });
  expect(policy.defaultImage).toBe('registry.example.com/team/tools:2');
  expect(mergePolicy(policy, { retention: '1d' }).policy.defaultImage).toBe('registry.example.com/team/tools:2');
  expect(mergePolicy(policy, { defaultImage: null }).policy.defaultImage).toBeNull();
});

test.each([
  [{ autoOff: { after: '1m' } }],
  [{ autoOff: { after: '30d' } }],
  [{ retention: '1m' }],
  [{ retention: '365d' }],
  [{ autoStart: { recentUse: '1m' } }],
  [{ autoStart: { recentUse: '365d' } }],
])('The bound %j is allowed.', (change) => {
  expect(merge(change)).toMatchObject(change);
});

test.each([
  ['defaultImage', { defaultImage: 'Not An Image' }],
  ['defaultImage', { defaultImage: 1 }],
  ['autoOff.after', { autoOff: { after: '59s' } }],
  ['autoOff.after', { autoOff: { after: '30d1s' } }],
  ['autoOff.after', { autoOff: { after: 'Never' } }],
  ['autoOff.userControlled', { autoOff: { userControlled: 'yes' } }],
  ['autoOff', { autoOff: '2h' }],
  ['autoStart.weekdays', { autoStart: { weekdays: ['Mon'] } }],
  ['autoStart.weekdays', { autoStart: { weekdays: 'mon' } }],
  ['autoStart.timeZone', { autoStart: { timeZone: 1 } }],
  ['autoStart.timeZone', { autoStart: { timeZone: '' } }],
  ['autoStart.recentUse', { autoStart: { recentUse: '59s' } }],
  ['autoStart.recentUse', { autoStart: { recentUse: '366d' } }],
  ['resources.default.cpu', { resources: { default: { cpu: 1 } } }],
  ['resources.max.disk', { resources: { max: { disk: '10GB' } } }],
  ['resources', { resources: [] }],
  ['build.deadline', { build: { deadline: 30 } }],
  ['build.hookTimeout', { build: { hookTimeout: 'soon' } }],
  ['quota', { quota: 3 }],
  ['quota.runningPerOwner', { quota: { runningPerOwner: '2' } }],
  ['quota.runningPerOwner', { quota: { runningPerOwner: 1.5 } }],
  ['quota.homesPerOwner', { quota: { homesPerOwner: -1 } }],
  ['quota.homesPerOwner', { quota: { homesPerOwner: 1_000_001 } }],
  ['quota.cpuPerOwner', { quota: { cpuPerOwner: 8 } }],
  ['quota.memoryPerOwner', { quota: { memoryPerOwner: '64GB' } }],
  ['quota.diskPerOwner', { quota: { diskPerOwner: '-1' } }],
  ['suspendedOwners', { suspendedOwners: 'bob' }],
  ['suspendedOwners.1', { suspendedOwners: ['bob', 'Bob'] }],
  ['suspendedOwners.1', { suspendedOwners: ['bob', 'bob'] }],
  ['images', { images: {} }],
  ['retention', { retention: '59s' }],
  ['retention', { retention: '365d1s' }],
  ['policy', 'all of it'],
])('The field %s refuses %j as InvalidRequest, and nothing of the policy changes.', (field, change) => {
  const policy = defaultPolicy();
  const { type, message } = refusalOf(() => mergePolicy(policy, change));
  expect({ type, message }).toEqual({
    type: 'InvalidRequest',
    message: expect.stringMatching(`^${field}: expected .+, got .+$`),
  });
  expect(policy).toStrictEqual(defaultPolicy());
});

test('An empty change, and none at all, change nothing.', () => {
  for (const change of [{}, null, undefined])
    expect(mergePolicy(defaultPolicy(), change)).toEqual({ policy: defaultPolicy(), fields: [] });
});

test('Whatever comes, a change is either merged into a whole policy or refused, and the policy before stays as it is.', () => {
  const names = fc.constantFrom(...Object.keys(defaultPolicy()), 'by', 'zebra');
  fc.assert(
    fc.property(fc.dictionary(names, fc.oneof(fc.jsonValue(), fc.dictionary(fc.string(), fc.jsonValue()))), (change) => {
      const policy = defaultPolicy();
      try {
        const { policy: merged } = mergePolicy(policy, change);
        expect(Object.keys(merged)).toEqual(Object.keys(policy));
        expect(copy(merged)).toStrictEqual(merged);
      } catch (error) {
        expect(error).toBeInstanceOf(Refusal);
      }
      expect(policy).toStrictEqual(defaultPolicy());
    }),
  );
});
