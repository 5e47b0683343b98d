import { runHook } from '../../src/hooks/run-hook';
import { makeTestPod, progressOf, SHELLS, specOf, type TestPod } from '../support/hook-env';

const LOG = '.perennial/logs/build-1/configure.log';

describe.each(SHELLS)('In %s', (shell) => {
  let pod: TestPod;
  beforeEach(() => {
    pod = makeTestPod(shell);
  });
  afterEach(() => pod.remove());
  const configure = (text: string) => pod.writeConfigure(`#!/bin/sh\n${text}`);
  const run = () => runHook(pod.exec, specOf(), progressOf());

  test('A home in which no log can be written is a warning, and the hook runs.', async () => {
    pod.writeHome('.perennial', 'a file');
    configure('echo ran');
    const result = await run();
    expect(result).toMatchObject({ state: 'warning', lastLines: ['ran'] });
    expect(result.warnings).toEqual([`the output could not be written to ${pod.home}/${LOG}`]);
  });

  test('Output that is not UTF-8 gets through, without control characters.', async () => {
    configure("printf 'a\\377b\\n\\000\\033]0;title\\007c\\td\\n50%%\\r100%%\\n'");
    expect((await run()).lastLines).toEqual(['a\ufffdb', 'c d', '100%']);
  });

  test("The workspace's own variables reach the hook, also with the name of a variable of the scripts.", async () => {
    const names = [
      'folder',
      'log',
      'report',
      'program',
      'detach',
      'began',
      'state',
      'line',
      'now',
      'hook',
      'limit',
      'step',
      'uid',
      'base',
      'script',
      'timer',
    ];
    const env = Object.fromEntries(names.map((name) => [name, `it's "${name}" $HOME\n*`]));
    configure(names.map((name) => `printf '%s;' "$${name}"`).join('\n'));
    const result = await runHook((command) => pod.exec({ ...command, env }), specOf(), progressOf());
    expect(result.state).toBe('done');
    expect(pod.readHome(LOG)).toBe(names.map((name) => `${env[name]};`).join(''));
  });

  test('What an earlier pod of the same build wrote gives way, so that the lines of the hook stand in the log once.', async () => {
    pod.writeHome(LOG, 'earlier\n');
    configure('echo now');
    expect((await run()).lastLines).toEqual(['now']);
    expect(pod.readHome(LOG)).toBe('now\n');
  });

  test('It gives way also where there is nothing to run any more.', async () => {
    pod.writeHome(LOG, 'earlier\n');
    expect(await run()).toMatchObject({ state: 'skipped', lastLines: [] });
    expect(pod.readHome(LOG)).toBe('');
  });

  test('Of much output the end is kept, from the first whole line on.', async () => {
    configure('seq 1 8 | while read -r n; do head -c 9000 /dev/zero | tr "\\000" "$n"; echo; done');
    const { lastLines } = await run();
    expect(lastLines.map((line) => line[0])).toEqual(['2', '3', '4', '5', '6', '7', '8']);
  });

  test('A hook that removes its own log does no harm.', async () => {
    configure('rm -rf "$HOME/.perennial"; echo gone');
    expect(await run()).toMatchObject({ state: 'done', warnings: [] });
  });

  test('A hook that empties its own log does no harm.', async () => {
    pod.writeHome(LOG, 'earlier\n');
    configure(`: >"$HOME/${LOG}"; echo now`);
    expect(await run()).toMatchObject({ state: 'done', lastLines: ['now'] });
  });

  test('Secrets are masked in the last lines and raw in the log.', async () => {
    const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl';
    configure(`echo token=${jwt}`);
    expect((await run()).lastLines).toEqual(['token=***']);
    expect(pod.readHome(LOG)).toBe(`token=${jwt}\n`);
  });
});
