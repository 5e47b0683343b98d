import type { CampaignHandle } from '../../../src/client';
import { RequestFailure } from '../../../src/client';
import type { CampaignProgress, CampaignWorkspace } from '../../../src/contract/payloads';
import { fakeClient, onTerminal, run } from '../../support/cli/command-line';

const START = ['campaign', 'start', 'acme/jdk-21', '--reason', 'jdk', '--at-once', '20', '--max-failures', '3'];

function progressOf(change: Partial<CampaignProgress> = {}): CampaignProgress {
  const counts = { total: 4, done: 2, failed: 0, marked: 1, skipped: 0, inconclusive: 0, pending: 1, waiting: 1, building: 0 };
  const verdicts = { rebuild: 2, mark: 1, wait: 1, skip: 0 };
  return { state: 'running', because: null, dryRun: false, ...counts, verdicts, failures: [], ...change };
}
const DONE = progressOf({ state: 'done', done: 3, pending: 0, waiting: 0 });
const WORKSPACES: CampaignWorkspace[] = [
  { workspace: 'ada/dev', state: 'done', verdict: 'rebuild', because: null, build: 2, waitsUntil: null },
  { workspace: 'bob/dev', state: 'pending', verdict: 'mark', because: 'its state is off', build: null, waitsUntil: null },
];

function campaigns(handle: Partial<CampaignHandle>) {
  const named: string[] = [];
  const campaign = (organization: string, id: string) => {
    named.push(`${organization}/${id}`);
    return { campaign: `${organization}/${id}`, ...handle } as CampaignHandle;
  };
  return { named, client: fakeClient({ campaign }) };
}

test('A start sends what was given and prints a line for each change, then the report.', async () => {
  const sent: unknown[] = [];
  const { client, named } = campaigns({
    start: async (input) => void sent.push(input),
    waitForEnd: async ({ onChange } = {}) => {
      onChange?.(progressOf());
      return DONE;
    },
  });
  const more = [
    '--image',
    'starter:2',
    '--where',
    "Owner='ada'",
    '--canary',
    '2',
    '--patience',
    '1h',
    '--not-before',
    '2027-03-01T12:00:00Z',
  ];
  const ended = await run([...START, ...more], { client });
  expect(named).toEqual(['acme/jdk-21']);
  expect(sent).toEqual([
    {
      reason: 'jdk',
      atOnce: 20,
      maxFailures: 3,
      image: 'starter:2',
      where: "Owner='ada'",
      canary: 2,
      patience: '1h',
      notBefore: '2027-03-01T12:00:00.000Z',
      by: 'ada',
    },
  ]);
  expect(ended).toEqual({
    code: 0,
    error: 'perennial: campaign acme/jdk-21 is running: 3 of 4 finished (done 2, failed 0, marked 1, waiting 1)\n',
    out: `campaign acme/jdk-21 is done\n[${'#'.repeat(30)}] 4 of 4 finished\ndone 3, failed 0, marked 1\n`,
  });
});

test('On a terminal the progress is drawn in place, and its last drawing gives way to the report.', async () => {
  const { client } = campaigns({
    start: async () => undefined,
    waitForEnd: async ({ onChange } = {}) => {
      onChange?.(progressOf());
      return DONE;
    },
  });
  const ended = await run(START, { client, out: onTerminal(100) });
  expect(ended.out).toContain(`[${'#'.repeat(22)}${'.'.repeat(8)}] 3 of 4 finished`);
  expect(ended.out.trimEnd().split('\n').at(-1)).toBe('done 3, failed 0, marked 1');
  expect(ended.code).toBe(0);
});

test('A campaign that stopped itself exits with 1, its failures and how to see more.', async () => {
  const stopped = progressOf({
    state: 'stopped',
    because: 'a canary failed',
    failed: 1,
    failures: [{ workspace: 'ada/dev', reason: 'ImageInvalid: \u001b[31mso it is' }],
  });
  const { client } = campaigns({ start: async () => undefined, waitForEnd: async () => stopped });
  const ended = await run(START, { client });
  expect(ended.code).toBe(1);
  expect(ended.out).toContain('campaign acme/jdk-21 is stopped: a canary failed');
  expect(ended.out).toContain('  ada/dev  ImageInvalid: so it is');
  expect(ended.error).toContain('perennial: CampaignFailed: campaign acme/jdk-21 is stopped');
  const json = JSON.parse((await run([...START, '--json'], { client })).out);
  expect(json).toMatchObject({ campaign: 'acme/jdk-21', state: 'stopped', error: { type: 'CampaignFailed' } });
});

test('A dry run lists each workspace with its verdict and why.', async () => {
  const dry = progressOf({ state: 'done', dryRun: true, done: 0, marked: 0, pending: 4, waiting: 0 });
  const { client } = campaigns({ start: async () => undefined, waitForEnd: async () => dry, workspaces: async () => WORKSPACES });
  const { code, out } = await run([...START, '--dry-run'], { client });
  expect(code).toBe(0);
  expect(out).toBe(
    [
      'campaign acme/jdk-21 is done: dry run over 4 workspaces',
      'would rebuild 2, wait for 1 and then rebuild, mark 1, skip 0',
      '  WORKSPACE  WOULD    WHY',
      '  ada/dev    rebuild  -',
      '  bob/dev    mark     its state is off',
      '',
    ].join('\n'),
  );
});

test('Ctrl-C ends the watching with 130, and not the campaign.', async () => {
  const { client } = campaigns({
    waitForEnd: ({ signal } = {}) =>
      new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(new RequestFailure('Failed', 'aborted')));
      }),
  });
  const onInterrupt = (listener: () => void) => {
    setImmediate(listener);
    return () => undefined;
  };
  const ended = await run(['campaign', 'progress', 'jdk-21', '--watch'], { client, onInterrupt });
  expect(ended.code).toBe(130);
  expect(ended.error).toContain('campaign default/jdk-21 goes on');
});

test('A worker that is away for a while does not end the watching; a worker that stays away does.', async () => {
  let tries = 0;
  const { client } = campaigns({
    waitForEnd: async ({ onChange } = {}) => {
      tries += 1;
      if (tries > 1) onChange?.(progressOf());
      if (tries < 4) throw new RequestFailure('Unavailable', 'no worker answers');
      return DONE;
    },
  });
  const line = 'perennial: campaign default/jdk-21 is running: 3 of 4 finished (done 2, failed 0, marked 1, waiting 1)\n';
  const outage = 'perennial: no answer; still waiting for campaign default/jdk-21 (no worker answers)\n';
  const watch = ['campaign', 'progress', 'jdk-21', '--watch'];
  const ended = await run(watch, { client });
  // Each answer ends an outage, and the same progress is said once.
  expect(ended).toMatchObject({ code: 0, error: outage + line + outage + outage });

  let now = 0;
  const away = campaigns({ waitForEnd: () => Promise.reject(new RequestFailure('Unavailable', 'no worker answers')) });
  const pause = async () => {
    now += 30_000;
  };
  expect(await run(watch, { client: away.client, now: () => now, pause })).toMatchObject({
    code: 1,
    error: `${outage}perennial: Unavailable: no worker answers\n`,
  });
});

test('Progress shows each workspace where that is wanted, also as JSON.', async () => {
  const { client, named } = campaigns({ progress: async () => progressOf(), workspaces: async () => WORKSPACES });
  const { out } = await run(['campaign', 'progress', 'jdk-21', '--workspaces'], { client });
  expect(named).toEqual(['default/jdk-21']);
  expect(out).toContain('  bob/dev    pending  mark     its state is off');
  const json = JSON.parse((await run(['campaign', 'progress', 'jdk-21', '--workspaces', '--json'], { client })).out);
  expect(json).toEqual({ ...progressOf(), workspaces: WORKSPACES });
});

test.each(['pause', 'resume', 'cancel'] as const)('%s sends the signal with who asks.', async (name) => {
  const sent: unknown[] = [];
  const { client } = campaigns({ [name]: async (input: unknown) => void sent.push(input) });
  expect(await run(['campaign', name, 'acme/jdk-21', '--by', 'root'], { client })).toMatchObject({
    code: 0,
    out: `campaign acme/jdk-21: ${name} was sent\n`,
  });
  expect(sent).toEqual([{ by: 'root' }]);
});

test.each([
  [['campaign', 'start', 'acme/jdk-21']],
  [['campaign', 'progress', 'a/b/c']],
  [[...START, '--at-once', '0']],
  [[...START, '--patience', 'soon']],
  [[...START, '--where', ' ']],
])('%j is wrong usage.', async (args) => {
  expect((await run(args)).code).toBe(2);
});
