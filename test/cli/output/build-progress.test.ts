import { ServiceError } from '@temporalio/client';
import { RequestFailure } from '../../../src/client';
import { ACCEPTED, cancelled, running, starting, waiting } from '../../support/cli/build-samples';
import { build, onTerminal, run, type Workspace } from '../../support/cli/command-line';

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
  const client = starting([[cancelled(), null]]);
  const ended = await run(['start', 'ada/dev'], { client });
  expect(ended).toMatchObject({ code: 1, error: expect.stringContaining('BuildCancelled: build 1 of ada/dev was cancelled') });
});

test('A build that another replaced is followed, which is said: in a pipe, on a terminal, and with --json.', async () => {
  const successor = build({ number: 8 });
  const waitForBuild: Workspace['waitForBuild'] = async (_number, options) => {
    options?.onChange?.(running(), null);
    options?.onReplaced?.(1, 8);
    options?.onChange?.(successor, null);
    return successor;
  };
  const client = starting([], { waitForBuild });
  const error = 'perennial: build 1 of ada/dev was replaced by build 8, which is waited for now\n';
  const piped = await run(['start', 'ada/dev'], { client });
  expect(piped).toMatchObject({
    code: 0,
    error,
    out: expect.stringMatching(/\nbuild 8 of .*\nadmit: done(?:.*\n)+ada\/dev is running \(build 8, 8.0 s\)\n$/),
  });
  const shown = await run(['start', 'ada/dev'], { client, out: onTerminal(80) });
  expect(shown).toMatchObject({ code: 0, error, out: expect.stringMatching(/\(build 8, 8.0 s\)\n$/) });
  const json = await run(['start', 'ada/dev', '--json'], { client });
  expect([json.error, JSON.parse(json.out).result.number]).toEqual([error, 8]);
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

test('A worker that is away for a while does not end the display; a worker that stays away does.', async () => {
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
