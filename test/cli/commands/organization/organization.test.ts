import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { OrganizationHandle } from '../../../../src/client';
import type { Policy } from '../../../../src/contract/policy';
import { fakeClient, run } from '../../../support/cli/command-line';
import { createStackFolder } from '../../../support/cli/folder';

const dir = createStackFolder([]);

const POLICY: Policy = {
  version: 3,
  defaultImage: null,
  autoOff: { after: '1h', userControlled: true },
  autoStart: { weekdays: ['mon', 'tue'], timeZone: null, recentUse: '4d' },
  images: [],
  resources: { default: { cpu: '1', memory: '2Gi', disk: '10Gi' }, max: null },
  quota: { runningPerOwner: 2, cpuPerOwner: null, memoryPerOwner: null, homesPerOwner: null, diskPerOwner: null },
  build: { deadline: '30m', hookTimeout: '10m' },
  retention: '7d',
  suspendedOwners: [],
  podSecurity: 'restricted',
  git: [],
};

const FIELDS = `autoOff.after           1h
autoOff.userControlled  true
autoStart.weekdays      ["mon","tue"]
autoStart.timeZone      null
autoStart.recentUse     4d
images                  []
resources.default.cpu     1
resources.default.memory  2Gi
resources.default.disk    10Gi
resources.max             null`;

test('A change is put together from a file, an object, and single fields; the more particular wins.', async () => {
  const { client, sent } = organizations();
  const file = path.join(dir, 'policy.json');
  writeFileSync(file, JSON.stringify({ retention: '1d', autoOff: { after: '3h', userControlled: false } }));
  const args = ['org', 'set', 'research', '--file', file, '--policy', '{"retention":"2d"}'];
  const fields = ['--set', 'autoOff.after=1h', '--set', 'autoOff.userControlled=true', '--set', 'suspendedOwners=["bob"]'];
  const ended = await run([...args, ...fields, '--by', 'grace'], { client });
  expect(ended).toMatchObject({ code: 0, error: '' });
  expect(sent).toEqual([
    ['research', { retention: '2d', autoOff: { after: '1h', userControlled: true }, suspendedOwners: ['bob'], by: 'grace' }],
  ]);
});

test('Values are JSON where they parse and text where they do not.', async () => {
  const { client, sent } = organizations();
  const fields = [
    'quota.runningPerOwner=2',
    'quota.cpuPerOwner=null',
    'resources.default.cpu="2"',
    'autoOff.after=never',
    'retention=',
  ];
  await run(['org', 'set', ...fields.flatMap((field) => ['--set', field])], { client });
  expect(sent).toEqual([
    [
      'default',
      {
        quota: { runningPerOwner: 2, cpuPerOwner: null },
        resources: { default: { cpu: '2' } },
        autoOff: { after: 'never' },
        retention: '',
        by: 'ada',
      },
    ],
  ]);
});

test('A field that no policy has is named, since the organization ignores it.', async () => {
  const { client } = organizations();
  expect(await run(['org', 'set', '--set', 'autooff.after=1h'], { client })).toMatchObject({
    code: 0,
    error: 'perennial: ignored, since a policy has no such field: autooff\n',
  });
  const guarded = ['org', 'set', '--set', 'ifVersion=3', '--set', 'autoOff.after=1h'];
  expect(await run(guarded, { client })).toMatchObject({ code: 0, error: '' });
});

test('JSON that is nested deeper than anything can be made of it again is refused with a sentence.', async () => {
  const { client, sent } = organizations();
  const deep = `{"retention":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
  const file = path.join(dir, 'deep.json');
  writeFileSync(file, deep);
  for (const option of [
    ['--policy', deep],
    ['--file', file],
    ['--set', `retention=${deep}`],
  ]) {
    const ended = await run(['org', 'set', ...option], { client });
    expect(ended).toMatchObject({ code: 2, error: expect.stringContaining('Expected JSON of at most 32 levels.') });
    expect(ended.error).not.toContain('    at ');
  }
  expect(sent).toEqual([]);
});

test('A create sends the policy only when there is one.', async () => {
  const { client, sent } = organizations();
  const ended = await run(['org', 'create', 'research'], { client });
  expect(ended.out).toContain('organization research, policy version 3\n');
  await run(['org', 'create', 'sales', '--set', 'retention=1d', '--json'], { client });
  expect(sent).toEqual([
    ['research', { by: 'ada' }],
    ['sales', { by: 'ada', policy: { retention: '1d' } }],
  ]);
});

test('The policy is shown field by field, as --set names them, with its last changes.', async () => {
  const { client } = organizations();
  const { out } = await run(['org', 'show'], { client });
  const lines = out.split('\n');
  expect(lines[0]).toBe('organization default, policy version 3');
  // Columns are as wide as the longest field of the whole policy.
  const fields = lines.slice(1).map((line) => line.replace(/ {2,}/, '  '));
  for (const line of FIELDS.split('\n')) expect(fields).toContain(line.replace(/ {2,}/, '  '));
  expect(out).toMatch(/\n\nlast changes\n {2}2027-03-01T09:00:00.000Z {2}version 3 {2}by grace {2}autoOff.after, retention\n$/);
  const json = JSON.parse((await run(['org', 'show', '--json'], { client })).out);
  expect(json).toMatchObject({ version: 3, changes: [{ version: 3 }] });
});

test('The usage is a table of owners.', async () => {
  const { client } = organizations();
  expect((await run(['org', 'show', '--usage'], { client })).out).toBe(
    'OWNER  RUNNING  HOMES  CPU   MEMORY  DISK\n' + 'ada    1        2      500m  2Gi     20Gi\n',
  );
});

function organizations() {
  const sent: unknown[] = [];
  const record = (name: string) => async (input: unknown) => {
    sent.push([name, input]);
    return POLICY;
  };
  const changes = [{ at: '2027-03-01T09:00:00.000Z', by: 'grace', version: 3, fields: ['autoOff.after', 'retention'] }];
  const organization = (name: string): OrganizationHandle => ({
    name,
    create: record(name),
    setPolicy: record(name),
    policy: async () => ({ ...POLICY, changes }),
    noteHomePurged: async () => undefined,
    usage: async () => ({ owners: { ada: { running: 1, homes: 2, cpu: '500m', memory: '2Gi', disk: '20Gi' } } }),
  });
  return { sent, client: fakeClient({ organization }) };
}
