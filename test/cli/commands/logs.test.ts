import { RequestFailure } from '../../../src/client';
import type { LogRef } from '../../../src/runtimes/runtime';
import { build, fakeClient, onTerminal, run, status, type Workspace } from '../../support/cli/command-line';
import { createStackFolder, fakeRuntime } from '../../support/cli/folder';

const dir = createStackFolder(['w1']);
const settings = { dir, images: dir, by: null };
const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 2));
const JWT = `eyJhbGciOiJIUzI1NiJ9.${'a'.repeat(20)}.${'b'.repeat(20)}`;

test('The whole log of both steps is printed, masked, with a header for each on a terminal only.', async () => {
  const { client, openRuntime } = workspaceWith({
    configure: ['one\n', `token ${JWT.slice(0, 30)}`, `${JWT.slice(30)}\n`],
    personalize: ['two'],
  });
  const piped = await run(['logs', 'ada/dev'], { client, settings, openRuntime });
  expect(piped).toEqual({ code: 0, out: 'one\ntoken ***\ntwo', error: '' });
  const shown = await run(['logs', 'ada/dev'], { client, settings, openRuntime, out: onTerminal(80) });
  expect(shown.out).toBe('--- configure of build 4 ---\none\ntoken ***\n--- personalize of build 4 ---\ntwo');
});

test('One step and one build may be asked for, and a step without a log prints nothing.', async () => {
  const { client, openRuntime, asked } = workspaceWith({ configure: ['one\n'] });
  const args = ['logs', 'ada/dev', '--build', '3', '--step', 'configure', '--json'];
  const ended = await run(args, { client, settings, openRuntime });
  expect(JSON.parse(ended.out)).toEqual({
    workspace: 'ada/dev',
    build: 3,
    logs: [{ step: 'configure', text: 'one\n', complete: true }],
  });
  expect(asked[0]).toEqual({ id: 'w1', organization: 'default', build: 3, step: 'configure', offset: 0 });
  expect(await run(['logs', 'ada/dev', '--step', 'personalize'], { client, settings, openRuntime })).toMatchObject({
    code: 0,
    out: '',
  });
});

test('Where the log of a step that ran is gone the last lines that the workspace knows are printed, and standard error says so.', async () => {
  const steps = build().steps.map((step) => {
    return step.name === 'configure' ? { ...step, state: 'done' as const, lastLines: ['a', 'b'] } : step;
  });
  const { client, openRuntime } = workspaceWith({}, () => build({ steps }));
  const error =
    'perennial: the log of configure of build 4 is not in the home any more; these are its last lines, as far as they are known\n';
  const args = ['logs', 'ada/dev', '--step', 'configure'];
  expect(await run(args, { client, settings, openRuntime })).toEqual({ code: 0, out: 'a\nb\n', error });
  expect(await run([...args, '--follow'], { client, settings, openRuntime, pause })).toEqual({ code: 0, out: 'a\nb\n', error });
  const json = await run([...args, '--json'], { client, settings, openRuntime });
  expect(JSON.parse(json.out).logs).toEqual([{ step: 'configure', text: 'a\nb\n', complete: false }]);
});

test('Of a step that did not run standard error says why there is no log.', async () => {
  const { client, openRuntime } = workspaceWith({});
  expect(await run(['logs', 'ada/dev', '--step', 'configure'], { client, settings, openRuntime })).toEqual({
    code: 0,
    out: '',
    error: 'perennial: there is no log of configure of build 4: the step is skipped (the image has none)\n',
  });
});

test('The command fails for a build that is no longer kept and whose logs are gone.', async () => {
  const { client, openRuntime } = workspaceWith({}, () => {
    throw new RequestFailure('NotFound', 'build: expected the number of a build that is kept (4), got 1');
  });
  const ended = await run(['logs', 'ada/dev', '--build', '1'], { client, settings, openRuntime });
  expect(ended).toMatchObject({ code: 1, error: expect.stringContaining('NotFound: build: expected the number') });
});

test('On a terminal the log is free of control codes, also of a code that two reads have cut; a pipe gets what was written.', async () => {
  const parts = ['a\u001b[3', '1mred\u001b]0;title\u0007\n', '50 %\r100 %\n'];
  const { client, openRuntime } = workspaceWith({ configure: parts });
  const args = ['logs', 'ada/dev', '--step', 'configure'];
  for (const more of [[], ['--follow']]) {
    const shown = await run([...args, ...more], { client, settings, openRuntime, pause, out: onTerminal(80) });
    expect(shown.out).toBe('ared\n50 %\n100 %\n');
    expect((await run([...args, ...more], { client, settings, openRuntime, pause })).out).toBe(parts.join(''));
  }
});

test('With --follow it goes on until the step has ended, and reads once more after that.', async () => {
  const parts = ['one\n', 'half ', 'line\n', 'last'];
  const log: string[] = [];
  let reads = -1;
  // Only once it has been read, however long a read takes.
  const grow = () => {
    if (asked.length > reads) log.push(...parts.splice(0, 1));
    reads = asked.length;
  };
  const { client, openRuntime, asked } = workspaceWith({ configure: log }, () => {
    grow();
    const isOver = parts.length === 0;
    const steps = build().steps.map((step) => ({ ...step, endedAt: isOver ? step.endedAt : null }));
    return build({ endedAt: null, steps });
  });
  const printed: string[] = [];
  const out = { write: (text: string) => printed.push(text), writeError: () => undefined, columns: () => null };
  const given = { client, settings, openRuntime, out, pause };
  expect((await run(['logs', 'ada/dev', '--follow', '--step', 'configure'], given)).code).toBe(0);
  expect(printed.join('')).toBe('one\nhalf line\nlast');
  expect(printed.length).toBeGreaterThan(2);
});

test('Where the home is not at hand the last lines are printed, and standard error says so.', async () => {
  const steps = build().steps.map((step) => (step.name === 'configure' ? { ...step, lastLines: ['a', 'b'] } : step));
  const client = fakeClient({ workspace: { status: async () => status(), build: async () => build({ steps }) } });
  const ended = await run(['logs', 'ada/dev'], { client });
  expect(ended).toEqual({
    code: 0,
    out: 'a\nb\n',
    error: 'perennial: the home of ada/dev cannot be read from here; these are the last lines of each step that has ended\n',
  });
});

test('A workspace without a build, or without that one yet, has no log.', async () => {
  const client = fakeClient({ workspace: { status: async () => status({ build: null }) } });
  expect(await run(['logs', 'ada/dev'], { client })).toMatchObject({
    code: 1,
    error: 'perennial: NotFound: ada/dev has no build yet\n',
  });
  const other = fakeClient({ workspace: { status: async () => status() } });
  expect(await run(['logs', 'ada/dev', '--build', '2'], { client: other })).toMatchObject({
    code: 1,
    error: 'perennial: NotFound: build: expected a number up to 1, the newest of ada/dev, got 2\n',
  });
});

/** A runtime that gives each part of a log at a call of its own. */
function workspaceWith(logs: Record<string, string[]>, seen = () => build()) {
  const asked: LogRef[] = [];
  const readLog = async (log: LogRef) => {
    asked.push(log);
    const parts = logs[log.step];
    if (parts === undefined) return null;
    let start = 0;
    for (const part of parts) {
      if (start === log.offset) return { text: Buffer.from(part), nextOffset: start + part.length };
      start += part.length;
    }
    return { text: Buffer.alloc(0), nextOffset: log.offset };
  };
  const newest = status({ build: build({ number: 4 }) });
  // As the real one: the state is told again and again until the build has ended.
  const waitForBuild: Workspace['waitForBuild'] = async (_number, options) => {
    for (;;) {
      const now = seen();
      options?.onChange?.(now, null);
      if (now.endedAt !== null || options?.signal?.aborted) return now;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const client = fakeClient({ workspace: { status: async () => newest, build: async () => seen(), waitForBuild } });
  return { client, asked, openRuntime: () => fakeRuntime({ readLog }) };
}
