/** Neither files in the home nor what a hook does to the runner's files cost it its exit code or its time limit. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { runHook } from '../../src/hooks/run-hook';
import { makeTestPod, progressOf, SHELLS, specOf, type TestPod } from '../support/hook-env';
import { until } from '../support/until';

const LOG = '.perennial/logs/build-1/configure.log';

describe.each(SHELLS)('In %s', (shell) => {
  let pod: TestPod;
  beforeEach(() => {
    pod = makeTestPod(shell);
  });
  afterEach(() => pod.remove());
  const configure = (text: string) => pod.writeConfigure(`#!/bin/sh\n${text}`);
  const run = (changes = {}) => runHook(pod.exec, specOf(changes), progressOf());
  const inHome = (file: string) => path.join(pod.home, file);

  test('A pipe or a link with the name of the log is replaced.', async () => {
    configure('echo ran');
    const makeAt = {
      pipe: (file: string) => void execFileSync('mkfifo', ['-m', '666', file]),
      link: (file: string) => symlinkSync('/dev/zero', file),
      dangling: (file: string) => symlinkSync('/no/such/file', file),
    };
    let build = 0;
    for (const make of Object.values(makeAt)) {
      build += 1;
      pod.writeHome(`.perennial/logs/build-${build}/other`, '');
      make(inHome(`.perennial/logs/build-${build}/configure.log`));
      expect(await run({ build })).toMatchObject({ state: 'done', warnings: [], lastLines: ['ran'] });
      expect(pod.readHome(`.perennial/logs/build-${build}/configure.log`)).toBe('ran\n');
    }
  });

  test('A pipe, a link, or a file with the name of a folder above the log, or a folder with its own, is a warning, and the hook runs once.', async () => {
    configure('echo once >>"$HOME/count"; echo ran');
    const makeAt = {
      pipe: (file: string) => void execFileSync('mkfifo', ['-m', '666', file]),
      link: (file: string) => symlinkSync('/tmp', file),
      folder: (file: string) => void mkdirSync(file),
    };
    let build = 0;
    for (const kind of ['pipe', 'link', 'folder'] as const) {
      for (let depth = kind === 'folder' ? 4 : 1; depth <= (kind === 'folder' ? 4 : 3); depth += 1) {
        build += 1;
        const log = `.perennial/logs/build-${build}/configure.log`;
        const part = log.split('/').slice(0, depth).join('/');
        for (const left of ['.perennial', 'count']) rmSync(inHome(left), { recursive: true, force: true });
        if (depth > 1) pod.writeHome(path.join(path.dirname(part), 'other'), '');
        makeAt[kind](inHome(part));
        const warnings = [`the output could not be written to ${pod.home}/${log}`];
        const result = await run({ build });
        expect({ part, kind, ...result }).toMatchObject({ part, kind, state: 'warning', warnings, lastLines: ['ran'] });
        expect(pod.readHome('count')).toBe('once\n');
      }
    }
  });

  test('A step with nothing to run does not wait at a pipe either.', async () => {
    pod.writeHome('.perennial/logs/build-1/other', '');
    execFileSync('mkfifo', ['-m', '666', inHome(LOG)]);
    expect((await run()).state).toBe('skipped');
  });

  test('A hook that removes what the runner keeps runs once, and its end, its warnings, and its lines are reported.', async () => {
    configure(
      `echo once >>"$HOME/count"; rm -rf "$PERENNIAL_RUN_DIR"/.perennial* "$HOME/.perennial"; echo ran\n` +
        'while [ ! -e "$HOME/go" ]; do sleep 0.05; done; exit 3',
    );
    const runs = [run()];
    await until(() => existsSync(inHome('count')));
    runs.push(run(), run());
    await until(() => pod.listRun().includes('configure/began'));
    pod.writeHome('go', '');
    for (const result of [...(await Promise.all(runs)), await run()]) {
      expect(result).toMatchObject({ warnings: ['configure ended with exit code 3'], lastLines: ['ran'] });
    }
    expect(pod.readHome('count')).toBe('once\n');
  });

  test('A process that empties all folders repeatedly does not make the hook run a second time.', async () => {
    configure(
      '(while :; do rm -rf "$PERENNIAL_RUN_DIR"/.perennial* 2>/dev/null; sleep 0.02; done) &\necho once >>"$HOME/count"; sleep 1; echo end',
    );
    const first = await run();
    expect([first.state, pod.readHome('count')]).toEqual(['done', 'once\n']);
  });

  test('A hook that removes what the runner keeps, and kills the runner, is not begun again.', async () => {
    configure('echo once >>"$HOME/count"; rm -rf "$PERENNIAL_RUN_DIR"/.perennial*; kill -KILL $PPID; sleep 600');
    const result = await run();
    expect([result.state, pod.readHome('count')]).toEqual(['warning', 'once\n']);
  });

  test('The time limit holds for a hook that removes what the runner keeps.', async () => {
    configure('rm -rf "$PERENNIAL_RUN_DIR"/.perennial*; sleep 600');
    expect((await run({ timeoutMs: 600 })).warnings).toEqual(['configure ran past its time limit of 600ms and was ended']);
  });

  test('Without a folder of the pod for runs, the runner keeps its files outside of /tmp.', async () => {
    configure('echo ran');
    const build = 100_000 + Number(process.hrtime.bigint() % 1_000_000n);
    const exec: TestPod['exec'] = (command) => pod.exec({ ...command, env: { PERENNIAL_RUN_DIR: '' } });
    const base = path.join('/dev/shm', path.basename(path.dirname(pod.runFolder)));
    try {
      expect((await runHook(exec, specOf({ build }), progressOf())).lastLines).toEqual(['ran']);
      expect(readdirSync(path.join(base, `build-${build}`, 'configure'))).toContain('exit');
    } finally {
      rmSync(path.join(base, `build-${build}`), { recursive: true, force: true });
      if (readdirSync(base).length === 0) rmdirSync(base);
    }
  });

  test('Logs of builds older than the last ten are removed, links among them are not followed, and other names stay.', async () => {
    for (const name of ['build-1', 'build-2', 'build-3', 'build-12', 'build-x', 'notes'])
      pod.writeHome(`.perennial/logs/${name}/a`, '');
    pod.writeHome('kept/a', '');
    rmSync(inHome('.perennial/logs/build-1'), { recursive: true });
    symlinkSync(inHome('kept'), inHome('.perennial/logs/build-1'));
    configure('echo ran');
    const left = () => readdirSync(inHome('.perennial/logs')).sort();
    await run({ build: 12 });
    await until(() => left().length === 4);
    expect(left()).toEqual(['build-12', 'build-3', 'build-x', 'notes']);
    rmSync(path.join(pod.env.PERENNIAL_ROOTFS ?? '', 'coder'), { recursive: true });
    await run({ build: 13 });
    await until(() => left().length === 3);
    expect([left(), existsSync(inHome('kept/a'))]).toEqual([['build-12', 'build-x', 'notes'], true]);
  });
});
