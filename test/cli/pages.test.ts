import type { WorkspaceSummary } from '../../src/client';
import { running } from '../support/cli/build-samples';
import { build, fakeClient, onTerminal, run, status } from '../support/cli/command-line';

const SUMMARIES: WorkspaceSummary[] = [
  {
    workspace: 'ada/dev',
    state: 'running',
    image: 'starter:1',
    build: 3,
    organization: 'default',
    autoStartAt: '2027-03-02T07:30:00.000Z',
    autoOffAt: '2027-03-01T11:05:00.000Z',
  },
  { workspace: 'grace/a', state: 'off', image: null, build: null, organization: 'research', autoStartAt: null, autoOffAt: null },
];

test('The list is a table, with instants in a pipe and distances from now on a terminal.', async () => {
  const client = fakeClient({ list: async () => SUMMARIES });
  expect((await run(['list'], { client })).out).toBe(
    'WORKSPACE  STATE    IMAGE      BUILD  AUTO-START                AUTO-OFF                  ORGANIZATION\n' +
      'ada/dev    running  starter:1  3      2027-03-02T07:30:00.000Z  2027-03-01T11:05:00.000Z  default\n' +
      'grace/a    off      -          -      -                         -                         research\n',
  );
  expect((await run(['list'], { client, out: onTerminal(100) })).out).toBe(
    'WORKSPACE  STATE    IMAGE      BUILD  AUTO-START  AUTO-OFF  ORGANIZATION\n' +
      'ada/dev    running  starter:1  3      in 21h 30m  in 1h 5m  default\n' +
      'grace/a    off      -          -      -           -         research\n',
  );
  expect(JSON.parse((await run(['list', '--json'], { client })).out)).toEqual(SUMMARIES);
});

test('The filters of the list go to the server, and an empty list says so.', async () => {
  const filters: unknown[] = [];
  const client = fakeClient({
    list: async (filter) => {
      filters.push(filter);
      return [];
    },
  });
  expect((await run(['list', '--owner', 'ada', '--organization', 'research', '--state', 'off'], { client })).out).toBe(
    'No workspaces.\n',
  );
  expect((await run(['list', '--json'], { client })).out).toBe('[]\n');
  expect(filters).toEqual([{ owner: 'ada', organization: 'research', state: 'off' }, {}]);
});

test('The status is a page with everything there is to say, and never pings.', async () => {
  const full = status({
    env: { A: '1', B: 'two' },
    dotfiles: { uri: 'https://example.com/dots', ref: 'main' },
    autoOff: {
      at: '2027-03-01T11:05:00.000Z',
      after: '2h',
      source: 'workspace',
      lastAccess: { at: '2027-03-01T09:05:00.000Z', via: 'ssh' },
    },
    autoStart: {
      at: '2027-03-02T07:30:00.000Z',
      beginsAt: '2027-03-02T07:26:00.000Z',
      time: '08:30',
      timeZone: 'Europe/Berlin',
      weekdays: ['mon', 'tue'],
      blockedBecause: 'the owner is suspended',
    },
    rebuildRequired: 'the image changes to starter:2',
    rejected: { count: 2, last: { at: '2027-03-01T09:30:00.000Z', name: 'ping', reason: 'at: expected an instant' } },
    build: build({ warnings: ['configure: exit code 3'] }),
  });
  const why = 'running since 2027-03-01T09:00:00.000Z: its build finished (by ada).';
  const client = fakeClient({ workspace: { status: async () => full, explain: async () => explanation(why) } });
  expect((await run(['status', 'ada/dev'], { client })).out).toBe(
    [
      'ada/dev is running since 2027-03-01T09:00:00.000Z (1h ago)',
      `why               ${why}`,
      'image             starter:1 (sha256:abc)',
      'resources         cpu 1, memory 2Gi, disk 10Gi',
      'env               A=1 B=two',
      'dotfiles          https://example.com/dots at main',
      'auto-off          2027-03-01T11:05:00.000Z (in 1h 5m), after 2h without access (set by the workspace), ' +
        'last access 2027-03-01T09:05:00.000Z (55m ago) via ssh',
      'auto-start        08:30 Europe/Berlin mon,tue; next 2027-03-02T07:30:00.000Z (in 21h 30m); ' +
        'its build begins 2027-03-02T07:26:00.000Z; blocked: the owner is suspended',
      'rebuild required  the image changes to starter:2',
      'rejected          2, the last at 2027-03-01T09:30:00.000Z: ping: at: expected an instant',
      'organization      default (policy version 1)',
      'id                w1',
      'build             1, created by ada, began 2027-03-01T09:59:50.000Z (10s ago), took 8.0 s',
      '  admit      done     1.0 s',
      '  start-pod  done     4.0 s',
      '  configure  skipped  0.0 s  the image has none',
      '  warning: configure: exit code 3',
      '',
    ].join('\n'),
  );
  expect(JSON.parse((await run(['status', 'ada/dev', '--json'], { client })).out)).toEqual(full);
});

test('The status of a workspace that has read no policy yet leaves out what is not known.', async () => {
  const bare = status({
    state: 'building',
    image: { reference: null, digest: null },
    resources: { cpu: null, memory: null, disk: null },
    build: null,
    autoOff: { at: null, after: null, source: null, lastAccess: null },
    policyVersion: null,
  });
  const client = fakeClient({ workspace: { status: async () => bare, explain: async () => explanation('it was created.') } });
  expect((await run(['status', 'ada/dev'], { client })).out).toBe(
    'ada/dev is building since 2027-03-01T09:00:00.000Z (1h ago)\n' +
      'why           it was created.\n' +
      'image         not known yet\n' +
      'organization  default\n' +
      'id            w1\n',
  );
});

test('The status of a build under way says what its step waits for, and which attempt it is.', async () => {
  const pending = { attempt: 3, waitingFor: 'another attempt', lastFailure: 'no room' };
  const workspace = {
    status: async () => status({ state: 'building', build: running() }),
    explain: async () => explanation('it was created.'),
    pendingStep: async () => pending,
  };
  const { out } = await run(['status', 'ada/dev'], { client: fakeClient({ workspace }) });
  expect(out).toMatch(/^ {2}start-pod +running +9\.0 s +attempt 3; waiting for another attempt; no room$/m);
});

test('The explanation says why, what comes next, what would change it, and what was, newest last.', async () => {
  const view = {
    ...explanation('running since then: its build finished.'),
    next: [{ at: '2027-03-01T11:05:00.000Z', what: 'stop' as const, because: 'no access for 2h' }],
    wouldChange: ['A ping puts the stop off.', 'A stop turns it off.'],
  };
  const client = fakeClient({ workspace: { explain: async () => view } });
  expect((await run(['explain', 'ada/dev'], { client })).out).toBe(
    'running since then: its build finished.\n\n' +
      'Next\n' +
      '  2027-03-01T11:05:00.000Z (in 1h 5m)  stop  no access for 2h\n\n' +
      'What would change that\n' +
      '  A ping puts the stop off.\n' +
      '  A stop turns it off.\n\n' +
      'History\n' +
      '  2027-03-01T09:59:50.000Z  off -> building      created         by ada\n' +
      '  2027-03-01T09:59:58.000Z  building -> running  build-finished  -       version 1; build 1\n',
  );
  expect(JSON.parse((await run(['explain', 'ada/dev', '--json'], { client })).out)).toEqual(view);
});

test('What others wrote cannot move the cursor, nor pose as another line.', async () => {
  const hostile = status({ env: { A: 'x\n\u001b[2Jy\rz' }, build: null });
  const client = fakeClient({ workspace: { status: async () => hostile, explain: async () => explanation('it was created.') } });
  expect((await run(['status', 'ada/dev'], { client })).out).toContain('A=x y z\n');
});

function explanation(why: string) {
  const entry = { rule: null, evidence: null };
  return {
    why,
    next: [],
    wouldChange: [],
    history: [
      {
        ...entry,
        at: '2027-03-01T09:59:50.000Z',
        from: 'off' as const,
        to: 'building' as const,
        cause: 'created' as const,
        by: 'ada',
      },
      {
        at: '2027-03-01T09:59:58.000Z',
        from: 'building' as const,
        to: 'running' as const,
        cause: 'build-finished' as const,
        by: null,
        rule: 'version 1',
        evidence: 'build 1',
      },
    ],
  };
}
