import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { HookResult } from '../../src/hooks/hook';
import { runHook } from '../../src/hooks/run-hook';
import { isAlive, makeTestPod, progressOf, SHELLS, specOf, type TestPod } from '../support/hook-env';
import { until } from '../support/until';

const CASES = [...SHELLS.map((shell) => ({ shell, without: [] })), { shell: 'dash', without: ['setsid'] }];
/** Of hooks that end by themselves in far less, on a busy machine too. */
const LIMIT_MS = 2_000;
const LIMIT_WARNING = 'configure ran past its time limit of 2s and was ended';

interface Inside {
  pod: TestPod;
  run(signal?: AbortSignal): Promise<HookResult>;
  pidIn(file: string): number;
}

test('Past its time limit the hook is ended with all that it started, and the warning names the limit.', () =>
  inEveryShell('echo $$ >"$HOME/pid"; sh -c \'echo $$ >"$HOME/child"; sleep 600; true\'', async ({ run, pidIn }) => {
    expect(await run()).toMatchObject({ state: 'warning', message: LIMIT_WARNING, warnings: [LIMIT_WARNING] });
    expect([isAlive(pidIn('pid')), isAlive(pidIn('child'))]).toEqual([false, false]);
  }));

test('A hook that ignores the request to end is killed.', () =>
  inEveryShell('trap "" TERM; echo $$ >"$HOME/pid"; while :; do sleep 1; done', async ({ run, pidIn }) => {
    expect((await run()).warnings).toEqual([LIMIT_WARNING]);
    expect(isAlive(pidIn('pid'))).toBe(false);
  }));

test('A part of it that ignores the request to end is killed too, though its main process ends.', () =>
  inEveryShell('(trap "" TERM; sh -c \'echo $$ >"$HOME/pid"; exec sleep 600\') & sleep 600', async ({ run, pidIn, pod }) => {
    // Without a session, an orphan cannot be distinguished from other processes.
    if (!existsSync(path.join(pod.env.PATH ?? '', 'setsid'))) return;
    expect((await run()).warnings).toEqual([LIMIT_WARNING]);
    expect(isAlive(pidIn('pid'))).toBe(false);
  }));

test('A hook may use the request to end for tidying up.', () =>
  inEveryShell('trap "echo tidied; exit 0" TERM; while :; do sleep 0.05; done', async ({ run }) => {
    const { warnings, lastLines } = await run();
    // Its own shell may remark before on the end of its child.
    expect([warnings, lastLines.at(-1)]).toEqual([[LIMIT_WARNING], 'tidied']);
  }));

test('The limit holds without a poll, and counts from the start of the hook.', () =>
  inEveryShell('echo $$ >"$HOME/pid"; sleep 600', async ({ pod, run, pidIn }) => {
    const ending = new AbortController();
    const waiting = run(ending.signal);
    await until(() => existsSync(path.join(pod.home, 'pid')));
    ending.abort(new Error('lost'));
    pod.killObservers();
    await expect(waiting).rejects.toThrow('lost');
    await until(() => existsSync(path.join(pod.runFolder, 'configure/exit')));
    const [, , began] = readFileSync(path.join(pod.runFolder, 'configure/began'), 'utf8').split(' ');
    const ranMs = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1_000 - Number(began) * 10;
    expect(ranMs).toBeGreaterThanOrEqual(LIMIT_MS - 10);
    expect(isAlive(pidIn('pid'))).toBe(false);
    expect((await run()).warnings).toEqual([LIMIT_WARNING]);
  }));

test('What a hook within its limit left in the background outlives the limit.', () =>
  inEveryShell('sleep 600 & echo $! >"$HOME/pid"', async ({ run, pidIn }) => {
    expect((await run()).state).toBe('done');
    await delay(LIMIT_MS + 1_000);
    expect(isAlive(pidIn('pid'))).toBe(true);
  }));

/** All at once, since these tests do little but wait. */
async function inEveryShell(hook: string, check: (inside: Inside) => Promise<void>): Promise<void> {
  await Promise.all(
    CASES.map(async ({ shell, without }) => {
      const pod = makeTestPod(shell, without);
      pod.writeConfigure(`#!/bin/sh\n${hook}`);
      try {
        await check({
          pod,
          run: (signal) => runHook(pod.exec, specOf({ timeoutMs: LIMIT_MS }), progressOf(signal)),
          pidIn: (file) => Number(pod.readHome(file)),
        });
      } finally {
        pod.remove();
      }
    }),
  );
}
