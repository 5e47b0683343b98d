import type { Exec, HookSpec, HookStep } from './hook';
import { type HookPoll, parsePollAnswer } from './poll-answer';
import { readScript } from './shell/read-script';

/**
 * How long one poll waits in the pod for the hook's end, which it notices there within a second; it bounds the age of the last output
 * line that users see. Waiting inside costs a cluster one idle connection. Another poll costs a new connection, a process in the pod,
 * and tens of milliseconds of work on each machine in between, so polls become rarer the longer a hook runs.
 */
const WAIT = { firstMs: 2_000, partOfRun: 0.1, longestMs: 15_000 };

const SCRIPTS: Record<HookStep, string> = {
  configure: readScript(__dirname, 'scripts', 'poll-configure.sh'),
  personalize: readScript(__dirname, 'scripts', 'poll-personalize.sh'),
};

/** Starts the run if it has not begun in this pod, waits some seconds for its end, and returns its status. */
export async function pollHook(exec: Exec, spec: HookSpec, before: HookPoll | null): Promise<HookPoll> {
  const { exitCode, stdout, stderr } = await exec({
    argv: ['sh', '-s', '--', ...listArguments(spec, before)],
    stdin: SCRIPTS[spec.step],
  });
  return parsePollAnswer(stdout, () => {
    const lastLine = stderr.trimEnd().split('\n').at(-1) ?? '';
    return `sh ended with exit code ${exitCode}${lastLine === '' ? '' : `: ${lastLine.slice(0, 1_000)}`}`;
  });
}

/** No argument is ever empty, as not every way into a pod passes on empty ones. */
function listArguments({ step, build, timeoutMs, dotfiles }: HookSpec, before: HookPoll | null): string[] {
  const limit = String(Math.ceil(timeoutMs / 10));
  const common = [step, String(build), limit, String(waitMs(before) / 10), before === null ? 'new' : 'known'];
  return step === 'configure' ? common : [...common, `uri=${dotfiles?.uri ?? ''}`, `ref=${dotfiles?.ref ?? ''}`];
}

function waitMs(before: HookPoll | null): number {
  const { firstMs, partOfRun, longestMs } = WAIT;
  const proportionalMs = Math.round(((before?.ranMs ?? 0) * partOfRun) / 1_000) * 1_000;
  return Math.min(Math.max(firstMs, proportionalMs), longestMs);
}
