import { ServiceError } from '@temporalio/client';
import { type PendingStep, RequestFailure } from '../../src/client';
import type { BuildView, CreateInput } from '../../src/workflows/messages';
import { build, fakeClient, onTerminal, run, status, type Workspace } from './command-line';

const ACCEPTED = { outcome: 'accepted', state: 'building', build: 1 } as const;
const at = (second: string) => `2027-03-01T09:59:${second}.000Z`;

test('A create sends every setting that was given, and nothing else.', async () => {
  const sent: CreateInput[] = [];
  const options = ['--image', 'starter:1', '--auto-start', '08:30 Europe/Berlin', '--weekdays', 'tue,mon', '--auto-off', '2h'];
  const more = ['--cpu', '2', '--disk', '20Gi', '--env', 'A=1', '--env', 'B=x=y', '--dotfiles', 'https://example.com/dots#main'];
  const rest = ['--organization', 'research', '--home', 'w9', '--by', 'grace', '--no-wait'];
  const ended = await run(['create', 'ada/dev', ...options, ...more, ...rest], { client: creating(sent) });
  expect(ended).toEqual({ code: 0, out: 'ada/dev: the create was accepted; it is building\n', error: '' });
  expect(sent).toEqual([
    {
      owner: 'ada',
      name: 'dev',
      image: 'starter:1',
      resources: { cpu: '2', disk: '20Gi' },
      env: { A: '1', B: 'x=y' },
      autoStart: { time: '08:30', timeZone: 'Europe/Berlin', weekdays: ['mon', 'tue'] },
      autoOff: { after: '2h' },
      dotfiles: { uri: 'https://example.com/dots', ref: 'main' },
      organization: 'research',
      home: 'w9',
      by: 'grace',
    },
  ]);
});

test('A create without options sends the name and who asks, as the environment has it.', async () => {
  const sent: CreateInput[] = [];
  await run(['create', 'ada/dev', '--no-wait'], { client: creating(sent) });
  expect(sent).toEqual([{ owner: 'ada', name: 'dev', by: 'ada' }]);
});

test('The weekdays of an auto-start may stand in its text.', async () => {
  const sent: CreateInput[] = [];
  await run(['create', 'ada/dev', '--no-wait', '--auto-start', '08:30 UTC fri,mon'], { client: creating(sent) });
  expect(sent[0]?.autoStart).toEqual({ time: '08:30', timeZone: 'UTC', weekdays: ['mon', 'fri'] });
});

test('A second create of one that runs exits with 1.', async () => {
  const create = () => Promise.reject(new RequestFailure('AlreadyExists', 'workspace ada/dev exists already'));
  const ended = await run(['create', 'ada/dev'], { client: fakeClient({ create }) });
  expect(ended).toEqual({ code: 1, out: '', error: 'perennial: AlreadyExists: workspace ada/dev exists already\n' });
});

test('In a pipe each change of a step is one line, and the end is said.', async () => {
  const ended = await run(['start', 'ada/dev'], {
    client: starting([
      [waiting(), null],
      [running(), { attempt: 1, waitingFor: 'a free place', lastFailure: null }],
      [running(), { attempt: 1, waitingFor: 'a free place', lastFailure: null }],
      [running(), { attempt: 2, waitingFor: null, lastFailure: 'no room' }],
      [build(), null],
    ]),
  });
  expect(ended).toEqual({
    code: 0,
    error: '',
    out:
      'build 1 of ada/dev: starter:1 (created by ada)\n' +
      'admit: done in 1.0 s\n' +
      'start-pod: running: waiting for a free place\n' +
      'start-pod: running: attempt 2; no room\n' +
      'start-pod: done in 4.0 s\n' +
      'configure: skipped in 0.0 s: the image has none\n' +
      'ada/dev is running (build 1, 8.0 s)\n',
  });
});

test('In a pipe a change of what a step waits for alone is shown at most every ten seconds.', async () => {
  let now = 0;
  const waitForBuild: Workspace['waitForBuild'] = async (_number, options) => {
    for (let second = 0; second < 25; second += 1) {
      now = second * 1_000;
      options?.onChange?.(running(), { attempt: 1, waitingFor: `configure, for ${second} s`, lastFailure: null });
    }
    return build();
  };
  const { out } = await run(['start', 'ada/dev'], { client: starting([], { waitForBuild }), now: () => now });
  expect(out.match(/for \d+ s/g)).toEqual(['for 0 s', 'for 10 s', 'for 20 s']);
});

test('On a terminal the steps are redrawn in place, cut to its width, and the cursor comes back.', async () => {
  const pending = { attempt: 1, waitingFor: 'a free place', lastFailure: null };
  const client = starting([
    [running(), pending],
    [build(), null],
  ]);
  const { out } = await run(['start', 'ada/dev'], { client, out: onTerminal(40) });
  expect(out).toBe(
    '\u001b[?25l' +
      'build 1 of ada/dev: starter:1 (created \n' +
      '  admit      done     1.0 s\n' +
      '  start-pod  running  9.0 s  waiting fo\n' +
      '  configure  waiting\n' +
      '\u001b[4A\u001b[0J' +
      'build 1 of ada/dev: starter:1 (created \n' +
      '  admit      done     1.0 s\n' +
      '  start-pod  done     4.0 s\n' +
      '  configure  skipped  0.0 s  the image \n' +
      '\u001b[?25h' +
      'ada/dev is running (build 1, 8.0 s)\n',
  );
});

test('Warnings are shown and exit with 0.', async () => {
  const { code, out } = await run(['start', 'ada/dev'], {
    client: starting([[build({ warnings: ['configure: exit code 3'] }), null]]),
  });
  expect(code).toBe(0);
  expect(out).toMatch(/warning: configure: exit code 3\nada\/dev is running \(build 1, 8.0 s\)\n$/);
});

test('A failed build exits with 1 and its failure.', async () => {
  const failure = { type: 'ImageNotFound', message: 'there is no image x:1', step: 'start-pod' } as const;
  const client = starting([[build({ failure }), null]]);
  const ended = await run(['start', 'ada/dev'], { client });
  expect(ended).toMatchObject({
    code: 1,
    error: 'perennial: ImageNotFound: build 1 of ada/dev failed at start-pod: there is no image x:1\n',
  });
  const json = await run(['start', 'ada/dev', '--json'], { client });
  expect(json).toMatchObject({ code: 1, error: '' });
  expect(JSON.parse(json.out)).toMatchObject({
    workspace: 'ada/dev',
    outcome: 'accepted',
    result: { number: 1, failure },
    error: { type: 'ImageNotFound' },
  });
});

test('A cancelled build exits with 1.', async () => {
  const client = starting([[cancelled(), null]], { status: async () => status({ build: cancelled() }) });
  const ended = await run(['start', 'ada/dev'], { client });
  expect(ended).toMatchObject({ code: 1, error: expect.stringContaining('BuildCancelled: build 1 of ada/dev was cancelled') });
});

test('A build that the workspace itself made anew under a higher number is followed.', async () => {
  const successor = build({ number: 8, cause: 'pod-lost' });
  const client = starting([], {
    status: async () => status({ build: successor }),
    waitForBuild: async (number) => (number === 8 ? successor : cancelled()),
  });
  expect(await run(['start', 'ada/dev'], { client })).toMatchObject({ code: 0, out: 'ada/dev is running (build 8, 8.0 s)\n' });
});

test('With --json only the end is printed: the answer and the build.', async () => {
  const { code, out } = await run(['--json', 'start', 'ada/dev'], {
    client: starting([
      [running(), null],
      [build(), null],
    ]),
  });
  expect(code).toBe(0);
  expect(JSON.parse(out)).toEqual({ workspace: 'ada/dev', ...ACCEPTED, result: build() });
});

test('Nothing is waited for when nothing was begun, or with --no-wait.', async () => {
  const already = { outcome: 'already', state: 'running', build: 3 } as const;
  const client = fakeClient({ workspace: { start: async () => already } });
  expect((await run(['start', 'ada/dev'], { client })).out).toBe('ada/dev: nothing to do for the start; it is running\n');
  const merged = { outcome: 'merged', state: 'building', build: 4 } as const;
  const other = fakeClient({ workspace: { start: async () => merged } });
  const { out } = await run(['start', 'ada/dev', '--no-wait', '--json'], { client: other });
  expect(JSON.parse(out)).toEqual({ workspace: 'ada/dev', ...merged });
});

test('A rebuild sends what changes, and why.', async () => {
  const sent: unknown[] = [];
  const rebuild: Workspace['rebuild'] = async (input) => {
    sent.push(input);
    return { ...ACCEPTED, build: 1 };
  };
  const options = ['--image', 'starter:2', '--memory', '4Gi', '--env', 'A=', '--reason', 'new compiler'];
  const client = starting([[build(), null]], { rebuild });
  expect((await run(['rebuild', 'ada/dev', ...options], { client })).code).toBe(0);
  expect(sent).toEqual([{ image: 'starter:2', resources: { memory: '4Gi' }, env: { A: '' }, reason: 'new compiler', by: 'ada' }]);
});

test('Ctrl-C only stops the watching, says so, gives the cursor back, and exits with 130.', async () => {
  const listeners: (() => void)[] = [];
  const waitForBuild: Workspace['waitForBuild'] = async (_number, options) => {
    options?.onChange?.(running(), null);
    for (const listener of listeners) listener();
    return new Promise(() => undefined);
  };
  const onInterrupt = (listener: () => void) => {
    listeners.push(listener);
    return () => undefined;
  };
  const ended = await run(['start', 'ada/dev'], { client: starting([], { waitForBuild }), onInterrupt, out: onTerminal(80) });
  expect(ended).toMatchObject({
    code: 130,
    error: 'perennial: Interrupted: stopped watching; build 1 of ada/dev goes on, and `perennial status ada/dev` shows it\n',
  });
  expect(ended.out.endsWith('\u001b[?25h')).toBe(true);
});

test('A worker that is away for a while ends no watching; one that stays away does.', async () => {
  let tries = 0;
  const waitForBuild: Workspace['waitForBuild'] = async () => {
    tries += 1;
    const cause = new ServiceError('Failed to query Workflow');
    if (tries <= 3) throw new RequestFailure('Failed', 'no worker answers', { cause });
    return build();
  };
  const ended = await run(['start', 'ada/dev'], { client: starting([], { waitForBuild }) });
  expect(ended).toMatchObject({ code: 0, error: 'perennial: no answer; still waiting for build 1 (no worker answers)\n' });

  let now = 0;
  const pause = async () => {
    now += 30_000;
  };
  const away: Workspace['waitForBuild'] = () => Promise.reject(new RequestFailure('Unavailable', 'no worker answers'));
  const given = { client: starting([], { waitForBuild: away }), now: () => now, pause };
  expect(await run(['start', 'ada/dev'], given)).toMatchObject({
    code: 1,
    error: expect.stringMatching(/perennial: Unavailable: no worker answers\n$/),
  });
});

function creating(sent: CreateInput[]) {
  return fakeClient({
    create: async (input) => {
      sent.push(input);
      return fakeClient({}).workspace(input.owner, input.name);
    },
  });
}

/** A workspace whose start is accepted and whose build goes through the changes given. */
function starting(changes: [BuildView, PendingStep | null][], more: Workspace = {}) {
  const waitForBuild: Workspace['waitForBuild'] = async (_number, options) => {
    for (const change of changes) options?.onChange?.(...change);
    return changes.at(-1)?.[0] ?? build();
  };
  return fakeClient({ workspace: { start: async () => ACCEPTED, waitForBuild, ...more } });
}

function waiting(): BuildView {
  const steps = build().steps.map((step) => ({
    ...step,
    state: 'waiting' as const,
    startedAt: null,
    endedAt: null,
    message: null,
  }));
  return build({ endedAt: null, steps });
}

function running(): BuildView {
  const [admit, startPod, configure] = build().steps;
  const [, , waitingStep] = waiting().steps;
  if (!admit || !startPod || !configure || !waitingStep) throw new Error('a build has three steps here');
  return build({
    endedAt: null,
    steps: [admit, { ...startPod, state: 'running', startedAt: at('51'), endedAt: null }, waitingStep],
  });
}

function cancelled(): BuildView {
  return build({ steps: build().steps.map((step) => ({ ...step, state: 'cancelled' as const, message: null })) });
}
