import type { OwnerHandle } from '../../../src/client';
import type { OwnerView } from '../../../src/contract/payloads';
import { fakeClient, run } from '../../support/cli/command-line';

const VIEW: OwnerView = {
  owner: 'ada',
  organization: 'default',
  settings: {
    dotfiles: { uri: 'https://git.example.com/ada/dotfiles', ref: 'main' },
    autoStart: { time: '08:30', timeZone: null },
  },
  changed: { at: '2026-11-29T18:00:00.000Z', by: 'ada', fields: ['dotfiles'] },
  usage: { running: 1, homes: 2, cpu: '1500m', memory: '2Gi', disk: '20Gi' },
  quota: { runningPerOwner: 10, cpuPerOwner: null, memoryPerOwner: '8Gi', homesPerOwner: null, diskPerOwner: null },
  workspaces: [
    {
      workspace: 'ada/dev',
      id: 'w1',
      build: 3,
      running: true,
      home: true,
      resources: { cpu: '1500m', memory: '2Gi', disk: '10Gi' },
    },
    {
      workspace: 'ada/old',
      id: 'w2',
      build: 1,
      running: false,
      home: true,
      resources: { cpu: '1', memory: '2Gi', disk: '10Gi' },
    },
  ],
};

function owners() {
  const sent: unknown[] = [];
  const owner = (organization: string, name: string) =>
    ({
      organization,
      owner: name,
      status: async () => VIEW,
      configure: async (change) => {
        sent.push([organization, name, change]);
        return VIEW;
      },
    }) satisfies OwnerHandle;
  return { client: fakeClient({ owner }), sent };
}

test('Before the first build the limits are not shown as none, since they are not known.', async () => {
  const status = async () => ({ ...VIEW, quota: null });
  const client = fakeClient({ owner: (organization, owner) => ({ organization, owner, status, configure: status }) });
  const { out } = await run(['owner', 'show', 'ada'], { client });
  expect(out).toContain('running  1       -\n');
});

test('Settings, the quota in use, and the workspaces are shown.', async () => {
  const { client } = owners();
  const { code, out } = await run(['owner', 'show', 'ada'], { client });
  expect(code).toBe(0);
  expect(out).toBe(`owner ada in default

dotfiles    https://git.example.com/ada/dotfiles at main
auto-start  08:30 in no zone
changed     2026-11-29T18:00:00.000Z by ada

         IN USE  LIMIT (LAST BUILD)
running  1       10
cpu      1500m   none
memory   2Gi     8Gi
homes    2       none
disk     20Gi    none

WORKSPACE  RUNS  CPU    MEMORY  DISK
ada/dev    yes   1500m  2Gi     10Gi
ada/old    no    -      -       10Gi
`);
  expect(JSON.parse((await run(['owner', 'show', 'ada', '--json'], { client })).out)).toEqual(VIEW);
});

test('Settings are sent as they were given, and cleared ones as null.', async () => {
  const { client, sent } = owners();
  const uri = 'https://git.example.com/ada/dotfiles';
  await run(['owner', 'set', 'ada', '--dotfiles', uri, '--dotfiles-ref', 'main', '--by', 'grace'], { client });
  const args = ['owner', 'set', 'ada', '--organization', 'math', '--auto-start', '08:30 Europe/Berlin', '--clear', 'dotfiles'];
  expect((await run(args, { client })).code).toBe(0);
  expect(sent).toEqual([
    ['default', 'ada', { dotfiles: { uri, ref: 'main' }, by: 'grace' }],
    ['math', 'ada', { autoStart: { time: '08:30', timeZone: 'Europe/Berlin' }, dotfiles: null, by: 'ada' }],
  ]);
});

test.each([
  [['owner', 'set', 'ada'], 'expected at least one setting'],
  [['owner', 'set', 'ada', '--dotfiles-ref', 'main'], 'needs'],
  [['owner', 'set', 'ada', '--clear', 'image'], 'Expected some of'],
  [['owner', 'set', 'ada', '--clear', 'auto-start', '--auto-start', '08:30 UTC'], 'both set and cleared'],
  [['owner', 'show', 'Ada Lovelace'], 'a-z'],
])('%j is wrong usage.', async (args, error) => {
  const { client, sent } = owners();
  const ended = await run(args, { client });
  expect([ended.code, ended.error]).toEqual([2, expect.stringContaining(error)]);
  expect(sent).toEqual([]);
});
