/** The commands that change one list of a policy, against an organization that merges as the real one does. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type OrganizationHandle, RequestFailure } from '../../../../src/client';
import type { Policy } from '../../../../src/contract/policy';
import { defaultPolicy, mergePolicy } from '../../../../src/workflows/organization/rules/policy';
import { fakeClient, run } from '../../../support/cli/command-line';
import { createStackFolder } from '../../../support/cli/folder';

const dir = createStackFolder([]);

/** An organization whose policy other administrators change too: each of `others` just before one of the command's changes. */
function organizationWith(change: object, { others = [] as object[] } = {}) {
  let policy: Policy = mergePolicy(defaultPolicy(), change).policy;
  const sent: unknown[] = [];
  const organization = (name: string): Partial<OrganizationHandle> => ({
    name,
    policy: async () => ({ ...policy, changes: [] }),
    setPolicy: async (fields) => {
      const other = others.shift();
      if (other !== undefined) policy = { ...mergePolicy(policy, other).policy, version: policy.version + 1 };
      const { ifVersion } = fields;
      if (ifVersion !== undefined && ifVersion !== policy.version)
        throw new RequestFailure('NotAllowed', `ifVersion: not ${ifVersion}`);
      sent.push([name, fields]);
      policy = { ...mergePolicy(policy, fields).policy, version: policy.version + 1 };
      return policy;
    },
  });
  return { sent, client: fakeClient({ organization: organization as (name: string) => OrganizationHandle }) };
}

test('An owner is suspended beside those who are, once, and the suspension ends with --undo.', async () => {
  const { client, sent } = organizationWith({ suspendedOwners: ['bob'] });
  const suspend = (...args: string[]) => run(['org', 'suspend', 'eve', 'research', ...args], { client });
  expect((await suspend()).out).toBe(
    'eve is now suspended in research, policy version 2; workspaces that run stop within 60 s, and homes stay\n',
  );
  expect((await suspend()).out).toBe('eve is already suspended in research, policy version 2\n');
  expect((await suspend('--undo')).out).toBe(
    'eve is no longer suspended in research, policy version 3; workspaces may be started again\n',
  );
  expect(JSON.parse((await suspend('--undo', '--json')).out)).toEqual({
    organization: 'research',
    owner: 'eve',
    suspended: false,
    changed: false,
    version: 3,
  });
  expect(sent).toEqual([
    ['research', { suspendedOwners: ['bob', 'eve'], by: 'ada', ifVersion: 1 }],
    ['research', { suspendedOwners: ['bob'], by: 'ada', ifVersion: 2 }],
  ]);
});

test('The images are listed tag by tag, and a change is sent as the whole list.', async () => {
  const { client, sent } = organizationWith({});
  expect((await run(['org', 'images'], { client })).out).toBe('No images are listed: any image is allowed.\n');
  const change = ['--add', 'starter:1', '--add', 'starter:2', '--default', 'starter:2', '--deprecate', 'starter:1'];
  expect((await run(['org', 'images', ...change, '--by', 'grace'], { client })).out).toBe(
    'IMAGE    TAG  STATE       DEFAULT\nstarter  1    deprecated\nstarter  2    available   yes\n',
  );
  const images = [{ name: 'starter', defaultTag: '2', tags: { 1: 'deprecated', 2: 'available' } }];
  expect(sent).toEqual([['default', { images, by: 'grace', ifVersion: 1 }]]);
  expect(JSON.parse((await run(['org', 'images', '--json'], { client })).out)).toEqual({
    organization: 'default',
    version: 2,
    images,
  });
  expect(await run(['org', 'images', '--remove', 'starter:2'], { client })).toMatchObject({
    code: 1,
    error: 'perennial: InvalidRequest: images: starter:2 is the default tag; name another one with --default\n',
  });
});

test('What others change between the read and the write of a list is kept.', async () => {
  const image = (name: string) => ({ name, defaultTag: '1', tags: { 1: 'available' } });
  const others = [{ images: [image('go')] }, { images: [image('go'), image('rust')] }];
  const listed = await run(['org', 'images', '--add', 'starter:1', '--json'], organizationWith({}, { others }));
  expect(JSON.parse(listed.out)).toMatchObject({ version: 4, images: [{ name: 'go' }, { name: 'rust' }, { name: 'starter' }] });
  const { client, sent } = organizationWith({}, { others: [{ suspendedOwners: ['bob'] }] });
  expect((await run(['org', 'suspend', 'eve'], { client })).out).toContain('eve is now suspended');
  expect(sent).toEqual([['default', { suspendedOwners: ['bob', 'eve'], by: 'ada', ifVersion: 2 }]]);
});

test('A policy that always changes in between is reported after some attempts, and nothing is set.', async () => {
  const others = Array.from({ length: 20 }, (_, index) => ({ retention: `${index + 1}d` }));
  const { client, sent } = organizationWith({}, { others });
  const ended = await run(['org', 'suspend', 'eve'], { client });
  expect(ended).toMatchObject({ code: 1, out: '', error: expect.stringContaining('NotAllowed: ifVersion') });
  expect(sent).toEqual([]);
});

test('The option --policy takes an object, or the path of a file with one.', async () => {
  const { client, sent } = organizationWith({});
  const file = path.join(dir, 'change.json');
  writeFileSync(file, '{"retention":"1d"}');
  await run(['org', 'set', '--policy', file], { client });
  await run(['org', 'set', '--policy', ' {"retention":"2d"}'], { client });
  expect(sent).toEqual([
    ['default', { retention: '1d', by: 'ada' }],
    ['default', { retention: '2d', by: 'ada' }],
  ]);
  expect(await run(['org', 'set', '--policy', `${file}.none`], { client })).toMatchObject({ code: 2 });
});
