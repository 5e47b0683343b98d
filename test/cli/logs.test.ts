import type { LogRef } from '../../src/runtimes/runtime';
import { build, fakeClient, onTerminal, run, status } from './command-line';
import { createStackFolder, fakeRuntime } from './folder';

const dir = createStackFolder(['w1']);
const settings = { dir, images: dir, by: null };
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

test('With --follow it goes on until the step has ended, and reads once more after that.', async () => {
  const parts = ['one\n', 'half ', 'line\n', 'last'];
  const log: string[] = [];
  const grow = () => log.push(...parts.splice(0, 1));
  const { client, openRuntime } = workspaceWith({ configure: log }, () => {
    grow();
    const isOver = parts.length === 0;
    const steps = build().steps.map((step) => ({ ...step, endedAt: isOver ? step.endedAt : null }));
    return build({ endedAt: null, steps });
  });
  const printed: string[] = [];
  const out = { write: (text: string) => printed.push(text), writeError: () => undefined, columns: () => null };
  const { code } = await run(['logs', 'ada/dev', '--follow', '--step', 'configure'], { client, settings, openRuntime, out });
  expect(code).toBe(0);
  expect(printed).toEqual(['one\n', '', 'half line\n', '', 'last']);
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
  const client = fakeClient({ workspace: { status: async () => newest, build: async () => seen() } });
  return { client, asked, openRuntime: () => fakeRuntime({ readLog }) };
}
