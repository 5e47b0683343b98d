import type { Exec, HookSpec, HookStep } from './hook';
import { CONFIGURE } from './scripts/configure-script';
import { PERSONALIZE } from './scripts/personalize-script';
import { visitScript } from './scripts/visit-script';
import { parseVisit, type Visit } from './visit-answer';

/**
 * How long one visit waits in the pod for the hook's end, where it sees that end within a second. It bounds how old the last output
 * line is that people are shown. To wait inside costs a cluster one idle connection; to ask again costs it a new connection, a
 * process in the pod, and some tens of milliseconds of work on every machine in between, so that is done ever more rarely.
 */
const PATIENCE = { firstMs: 2_000, partOfRun: 0.1, longestMs: 15_000 };

const SCRIPTS: Record<HookStep, string> = {
  configure: visitScript(CONFIGURE),
  personalize: visitScript(PERSONALIZE),
};

/** Starts the run if it has not begun in this pod, waits some seconds for its end, and tells how it stands. */
export async function visitRun(exec: Exec, spec: HookSpec, before: Visit | null): Promise<Visit> {
  const { exitCode, stdout, stderr } = await exec({
    argv: ['sh', '-s', '--', ...listArguments(spec, before)],
    stdin: SCRIPTS[spec.step],
  });
  return parseVisit(stdout, () => {
    const said = stderr.trimEnd().split('\n').at(-1) ?? '';
    return `sh ended with exit code ${exitCode}${said === '' ? '' : `: ${said.slice(0, 1_000)}`}`;
  });
}

/** No argument is ever empty, as not every way into a pod passes on empty ones. */
function listArguments({ step, build, timeoutMs, dotfiles }: HookSpec, before: Visit | null): string[] {
  const limit = String(Math.ceil(timeoutMs / 10));
  const common = [step, String(build), limit, String(patienceMs(before) / 10), before === null ? 'new' : 'known'];
  return step === 'configure' ? common : [...common, `uri=${dotfiles?.uri ?? ''}`, `ref=${dotfiles?.ref ?? ''}`];
}

function patienceMs(before: Visit | null): number {
  const { firstMs, partOfRun, longestMs } = PATIENCE;
  const wishedMs = Math.round(((before?.ranMs ?? 0) * partOfRun) / 1_000) * 1_000;
  return Math.min(Math.max(firstMs, wishedMs), longestMs);
}
