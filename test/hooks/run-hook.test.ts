import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { HookSpec } from '../../src/hooks/hook';
import { runHook } from '../../src/hooks/run-hook';
import { isAlive, makeTestPod, progressOf, SHELLS, specOf, type TestPod, TOOLS } from '../support/hook-env';
import { until } from '../support/until';

const LOG = '.perennial/logs/build-1/configure.log';
const WAIT_FOR_GO = 'while [ ! -e "$HOME/go" ]; do sleep 0.02; done\n';

test('At least one shell was found to test with.', () => expect(SHELLS).not.toHaveLength(0));

describe.each(SHELLS)('In %s', (shell) => {
  let pod: TestPod;
  beforeEach(() => {
    pod = makeTestPod(shell);
  });
  afterEach(() => pod.remove());
  const configure = (text: string, mode?: number) => pod.writeConfigure(`#!/bin/sh\n${text}`, mode);
  const run = (changes = {}, progress = progressOf()) => runHook(pod.exec, specOf(changes), progress);

  test('A hook runs in the home, is done, and its output is in the log and in the last lines.', async () => {
    configure('pwd; echo to stderr >&2; cat; umask');
    const result = await run();
    expect(result).toEqual({
      state: 'done',
      message: '/coder/configure ran',
      warnings: [],
      lastLines: [pod.home, 'to stderr', expect.stringMatching(/^0?022$/)],
    });
    expect(pod.readHome(LOG).split('\n').slice(0, 2)).toEqual([pod.home, 'to stderr']);
  });

  test('The log and the folder of the run are for the user alone.', async () => {
    configure('true');
    await run();
    expect(statSync(path.join(pod.home, LOG)).mode & 0o077).toBe(0);
    expect(statSync(path.dirname(pod.runFolder)).mode & 0o077).toBe(0);
  });

  test('A step that is run many times, at once and afterwards, runs its hook once and gives the same result.', async () => {
    configure(`echo once >>"$HOME/count"\n${WAIT_FOR_GO}echo end; exit 3`);
    const all = Array.from({ length: 6 }, () => run());
    await until(() => existsSync(path.join(pod.home, 'count')));
    pod.writeHome('go', '');
    const results = [...(await Promise.all(all)), await run()];
    expect(pod.readHome('count')).toBe('once\n');
    for (const result of results) expect(result).toEqual(results[0]);
    expect(results[0]).toMatchObject({ state: 'warning', warnings: ['configure ended with exit code 3'], lastLines: ['end'] });
  });

  test.each([
    ['memory.events', 'low 0\nmax 9\noom 1\noom_kill '],
    ['memory/memory.oom_control', 'oom_kill_disable 0\nunder_oom 0\noom_kill '],
  ])('An out-of-memory kill by the kernel while it ran is a warning, by %s.', async (file, text) => {
    const events = path.join(pod.env.PERENNIAL_ROOTFS ?? '', 'sys/fs/cgroup', file);
    mkdirSync(path.dirname(events), { recursive: true });
    writeFileSync(events, `${text}4\n`);
    chmodSync(events, 0o666);
    configure(`printf '${text.replaceAll('\n', '\\n')}6\\n' >'${events}'; exit 137`);
    expect((await run()).warnings).toEqual([
      'configure was ended by SIGKILL (exit code 137)',
      'out of memory: the kernel ended 2 process(es) meanwhile',
    ]);
    configure('exit 1');
    expect((await run({ build: 2 })).warnings).toEqual(['configure ended with exit code 1']);
  });

  test('The same step of another build runs its hook again.', async () => {
    configure('echo once >>"$HOME/count"');
    await run();
    await run({ build: 2 });
    expect(pod.readHome('count')).toBe('once\nonce\n');
  });

  test.each(['', 'configure', 'configure/writable', 'configure/claim', 'configure/began'])(
    'An observer that is killed once "%s" is there does no harm: the hook runs once all the same.',
    async (start) => {
      configure(`echo once >>"$HOME/count"\n${WAIT_FOR_GO}`);
      const lost = run().then(
        () => null,
        (error: Error) => error.message,
      );
      await until(() => pod.listRun().some((file) => file.startsWith(start)));
      pod.killObservers();
      expect(await lost).toBe('connection lost: SIGKILL');
      const joined = run();
      await until(() => existsSync(path.join(pod.home, 'count')));
      pod.writeHome('go', '');
      expect((await joined).state).toBe('done');
      expect(pod.readHome('count')).toBe('once\n');
    },
  );

  test('An abort ends the waiting with its reason, and the hook goes on to its end.', async () => {
    configure(`echo here\n${WAIT_FOR_GO}touch "$HOME/finished"`);
    const ending = new AbortController();
    const waiting = run({}, progressOf(ending.signal));
    await until(() => existsSync(path.join(pod.home, LOG)));
    const reason = new Error('enough');
    ending.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(run({}, progressOf(ending.signal))).rejects.toBe(reason);
    pod.writeHome('go', '');
    await until(() => existsSync(path.join(pod.home, 'finished')));
    expect((await run()).lastLines).toEqual(['here']);
  });

  test('While it waits it says what runs, how long it may, and the last line.', async () => {
    configure(`echo one; printf '\\033[31mtwo\\033[0m\\n'\n${WAIT_FOR_GO}`);
    const progress = progressOf();
    const waiting = run({}, progress);
    await until(() => progress.sentences.length > 1);
    pod.writeHome('go', '');
    await waiting;
    expect(progress.sentences[0]).toBe('configure to begin');
    expect(progress.sentences[1]).toMatch(/^configure, which has run for \d s of at most 1m; its last line is: two$/);
  });

  test('What the hook leaves in the background lives on and holds nothing up.', async () => {
    configure('sleep 600 & echo $! >"$HOME/pid"; echo done');
    const result = await run();
    expect(result).toMatchObject({ state: 'done', lastLines: ['done'] });
    expect(isAlive(Number(pod.readHome('pid')))).toBe(true);
  });

  test('A hook can be interrupted: it does not inherit the deafness of background jobs.', async () => {
    configure('kill -INT $$; echo deaf');
    const result = await run();
    // Only coreutils can undo it; busybox has no means to.
    if (shell !== 'busybox') expect(result.warnings).toEqual(['configure was ended by SIGINT (exit code 130)']);
  });

  test.each([
    ['exit 7', 'configure ended with exit code 7'],
    ['kill -TERM $$', 'configure was ended by SIGTERM (exit code 143)'],
    ['kill -KILL $$', 'configure was ended by SIGKILL (exit code 137)'],
    ['exit 255', 'configure ended with exit code 255'],
  ])('A hook that does "%s" gives the warning "%s".', async (text, warning) => {
    configure(text);
    expect(await run()).toMatchObject({ state: 'warning', message: warning, warnings: [warning] });
  });

  test('A program without a first line that names a shell is run by one.', async () => {
    pod.writeConfigure('echo plain');
    expect(await run()).toMatchObject({ state: 'done', lastLines: ['plain'] });
  });

  test.each([
    ['#!/no/such/shell -e\n', '/no/such/shell, which is not there'],
    ['#!/bin/sh\r\necho no\r\n', '/bin/sh, which is not there (the line ends in CRLF, as on Windows)'],
    ['#!/usr/bin/env bash\r\n', 'bash, which is not there (the line ends in CRLF, as on Windows)'],
    ['#! /usr/bin/env nosuchshell\n', 'nosuchshell, which is not there'],
  ])('An interpreter that is missing is named, and why: %j.', async (text, because) => {
    pod.writeConfigure(text);
    const warning = `/coder/configure could not be run: its first line names the interpreter ${because}`;
    expect(await run()).toMatchObject({ state: 'warning', message: warning, warnings: [warning] });
  });

  test('An image without the program skips the step.', async () => {
    expect(await run()).toEqual({ state: 'skipped', message: 'the image has no /coder/configure', warnings: [], lastLines: [] });
  });

  test('What comes after a step was skipped is not run in the same pod, and every poll reports the same.', async () => {
    const skipped = await run();
    configure('touch "$HOME/ran"');
    expect([skipped.state, await run()]).toEqual(['skipped', skipped]);
    expect(existsSync(path.join(pod.home, 'ran'))).toBe(false);
  });

  test('Polls at the same time that differ in whether there is something to run agree on one answer.', async () => {
    configure('echo once >>"$HOME/count"');
    pod.writeHome('count', '');
    const blind = (step: HookSpec) =>
      runHook((command) => pod.exec({ ...command, env: { PERENNIAL_ROOTFS: pod.home } }), step, progressOf());
    for (let build = 1; build <= 8; build += 1) {
      const pair = [run({ build }), blind(specOf({ build }))];
      const results = await Promise.all(build % 2 === 0 ? pair : pair.reverse());
      expect(results[0]).toEqual(results[1]);
      expect(pod.readHome('count')).toBe(results[0]?.state === 'done' ? 'once\n' : '');
      pod.writeHome('count', '');
    }
  });

  test('To find that there is nothing to run needs no program of the image but mkdir.', async () => {
    const bare = makeTestPod(
      shell,
      TOOLS.filter((tool) => tool !== 'mkdir'),
    );
    try {
      expect((await runHook(bare.exec, specOf(), progressOf())).state).toBe('skipped');
      expect((await runHook(bare.exec, specOf({ step: 'personalize' }), progressOf())).state).toBe('skipped');
    } finally {
      bare.remove();
    }
  });

  test('A program that is not executable is a warning that says just that.', async () => {
    configure('echo no', 0o644);
    const message = '/coder/configure is there but not executable';
    expect(await run()).toEqual({ state: 'warning', message, warnings: [message], lastLines: [] });
  });

  test('A folder with the name of the program is not executable either.', async () => {
    mkdirSync(path.join(pod.env.PERENNIAL_ROOTFS ?? '', 'coder/configure'), { recursive: true });
    expect((await run()).warnings).toEqual(['/coder/configure is there but not executable']);
  });

  test('As root the program is not run.', async () => {
    // It has an `id` of its own, which cannot be made to say root.
    if (shell === 'busybox') return;
    configure('touch "$HOME/ran"');
    const fake = path.join(pod.env.PATH ?? '', 'id');
    const uid = (await pod.exec({ argv: ['id', '-u'] })).stdout.trim();
    unlinkSync(fake);
    // To the poll it prints the real uid, for the folder of the run; to the step it prints root.
    writeFileSync(fake, `#!/bin/sh\ncase $(cat /proc/$PPID/cmdline) in *PERENNIAL_HOOK*) echo 0 ;; *) echo ${uid} ;; esac\n`);
    chmodSync(fake, 0o755);
    expect((await run()).warnings).toEqual(["/coder/configure was not run because the image's user is root"]);
    expect(existsSync(path.join(pod.home, 'ran'))).toBe(false);
  });

  test('A runner that dies without an exit code is a warning, and the hook is not run again.', async () => {
    configure('echo once >>"$HOME/count"; sleep 600');
    const waiting = run();
    await until(() => existsSync(path.join(pod.home, 'count')));
    const runner = Number(readFileSync(path.join(pod.runFolder, 'configure/began'), 'utf8').split(' ')[0]);
    process.kill(runner, 'SIGKILL');
    const warning = 'configure ended without an exit code; it is not run a second time in the same pod';
    expect((await waiting).warnings).toEqual([warning]);
    expect((await run()).warnings).toEqual([warning]);
    expect(pod.readHome('count')).toBe('once\n');
  });

  test('A number that another process has by now does not pass for the runner.', async () => {
    configure('touch "$HOME/ran"');
    pod.writeRun('configure/began', `${process.pid} 1 1\n`);
    expect((await run()).warnings).toEqual([expect.stringContaining('ended without an exit code')]);
    expect(existsSync(path.join(pod.home, 'ran'))).toBe(false);
  });

  test('A link with the name of the folder of the run is refused.', async () => {
    configure('touch "$HOME/ran"');
    symlinkSync(pod.home, path.dirname(pod.runFolder));
    expect((await run()).warnings).toEqual([
      expect.stringMatching(/^configure could not be run: expected a folder of user \d+ at .*, found l/),
    ]);
    expect(existsSync(path.join(pod.home, 'ran'))).toBe(false);
  });
});
