import type { Exec, HookSpec, HookStep } from './hook';
import { type HookPoll, parsePollAnswer } from './poll-answer';
import { readScript } from './shell/read-script';

/**
 * How long one poll waits in the pod for the hook's end, which it notices there within a second; it bounds the age of the last output
 * line that users see. Waiting inside costs a cluster one idle connection. Another poll costs a new connection, a process in the pod,
 * and tens of milliseconds of work on each machine in between, so polls become rarer the longer a hook runs.
 */
const WAIT = { firstMs: 2_000, partOfRun: 0.1, longestMs: 15_000 };
/** The wait of a poll for a hook that is expected to be brief: the workspace's status shows the step as waiting meanwhile. */
const BRIEF_WAIT_MS = 1_000;

const SCRIPTS: Record<HookStep, string> = {
  configure: readScript(__dirname, 'scripts', 'poll-configure.sh'),
  personalize: readScript(__dirname, 'scripts', 'poll-personalize.sh'),
};

/** Starts the run if it has not begun in this pod, waits some seconds for its end, and returns its status. */
export function pollHook(exec: Exec, spec: HookSpec, before: HookPoll | null): Promise<HookPoll> {
  return poll(exec, spec, { waitMs: waitMs(before), isKnown: before !== null });
}

/** The same with a shorter wait. */
export function pollBriefly(exec: Exec, spec: HookSpec): Promise<HookPoll> {
  return poll(exec, spec, { waitMs: BRIEF_WAIT_MS, isKnown: false });
}

interface Wait {
  /** In the pod, for the end of the hook. */
  waitMs: number;
  /** Whether an earlier poll found the run. */
  isKnown: boolean;
}

async function poll(exec: Exec, spec: HookSpec, wait: Wait): Promise<HookPoll> {
  const { exitCode, stdout, stderr } = await exec({
    argv: ['sh', '-s', '--', ...listArguments(spec, wait)],
    stdin: SCRIPTS[spec.step],
  });
  return parsePollAnswer(stdout, () => {
    const lastLine = stderr.trimEnd().split('\n').at(-1) ?? '';
    return `sh ended with exit code ${exitCode}${lastLine === '' ? '' : `: ${lastLine.slice(0, 1_000)}`}`;
  });
}

/** No argument is ever empty, as not every way into a pod passes on empty ones. */
function listArguments({ step, build, timeoutMs, dotfiles }: HookSpec, { waitMs, isKnown }: Wait): string[] {
  const limit = String(Math.ceil(timeoutMs / 10));
  const common = [step, String(build), limit, String(waitMs / 10), isKnown ? 'known' : 'new'];
  return step === 'configure' ? common : [...common, `uri=${dotfiles?.uri ?? ''}`, `ref=${dotfiles?.ref ?? ''}`];
}

function waitMs(before: HookPoll | null): number {
  const { firstMs, partOfRun, longestMs } = WAIT;
  const proportionalMs = Math.round(((before?.ranMs ?? 0) * partOfRun) / 1_000) * 1_000;
  return Math.min(Math.max(firstMs, proportionalMs), longestMs);
}
