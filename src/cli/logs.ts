import { type Command, Option } from 'commander';
import type { WorkspaceHandle } from '../client';
import { RuntimeFailure } from '../runtimes/failure';
import type { PodRef, Runtime } from '../runtimes/runtime';
import type { BuildView } from '../workflows/messages';
import { parseBuildNumber, type WorkspaceName } from './arguments';
import type { CliContext } from './context';
import { CliFailure } from './failure';
import { createLogFollower, readWholeLog, type StepLogSource } from './log-reader';
import { workspaceCommand } from './requests';
import { withRuntimeOf } from './runtime-access';
import { answerOf, inSession, type Session } from './session';

const STEPS = ['configure', 'personalize'] as const;
type Step = (typeof STEPS)[number];

interface LogsOptions {
  build?: number;
  step?: Step;
  follow?: true;
}

interface StepLog {
  step: Step;
  text: string;
  /** False where only the last lines could be had. */
  complete: boolean;
}

const POLL_INTERVAL_MS = 500;

/** `perennial logs`. */
export function logsCommand(context: CliContext): Command {
  return workspaceCommand('logs', "print the output of a build's hooks, with secrets masked")
    .option('--build <number>', 'which build (default: the newest)', parseBuildNumber)
    .addOption(new Option('--step <step>', 'one step only').choices(STEPS))
    .option('--follow', 'go on until the build has ended')
    .addHelpText('after', '\nExample:\n  perennial logs ada/dev --step configure --follow')
    .action(({ owner, name }: WorkspaceName, options: LogsOptions, command: Command) =>
      inSession({ context, command }, async (session) => {
        const handle = session.client.workspace(owner, name);
        const { id, organization, build } = await answerOf(session, handle.status());
        const number = pickBuild(handle.workspace, { asked: options.build, newest: build?.number });
        const steps = options.step ? [options.step] : [...STEPS];
        await withRuntimeOf(session, id, async (runtime) => {
          const follow = options.follow === true;
          const logs = await readLogs({
            session,
            handle,
            runtime,
            pod: { id, organization, build: number },
            number,
            steps,
            follow,
          });
          if (session.json) session.print({ json: { workspace: handle.workspace, build: number, logs }, text: '' });
        });
      }),
    );
}

/** Logs outlive what the workspace itself still knows of a build, so any number up to the newest may have one. */
function pickBuild(workspace: string, { asked, newest }: { asked: number | undefined; newest: number | undefined }): number {
  if (newest === undefined) throw new CliFailure('NotFound', `${workspace} has no build yet`);
  if (asked === undefined || asked <= newest) return asked ?? newest;
  throw new CliFailure('NotFound', `build: expected a number up to ${newest}, the newest of ${workspace}, got ${asked}`);
}

interface Reading {
  session: Session;
  handle: WorkspaceHandle;
  runtime: Runtime | null;
  pod: PodRef;
  number: number;
  steps: Step[];
  follow: boolean;
}

async function readLogs({ runtime, ...given }: Reading): Promise<StepLog[]> {
  if (runtime === null || !(await isReadable(runtime, given.pod))) return readLastLines(given);
  const logs: StepLog[] = [];
  for (const step of given.steps) {
    printHeader(given, step);
    const text = await readLog({ ...given, runtime, step });
    logs.push({ step, text, complete: true });
  }
  return logs;
}

/** A cluster shows a home only through a pod that has it mounted. */
async function isReadable(runtime: Runtime, pod: PodRef): Promise<boolean> {
  try {
    await runtime.readLog({ ...pod, step: STEPS[0], offset: 0 });
    return true;
  } catch (error) {
    if (error instanceof RuntimeFailure && error.type === 'RuntimeUnavailable') return false;
    throw error;
  }
}

async function readLog(given: Omit<Reading, 'runtime'> & { runtime: Runtime; step: Step }): Promise<string> {
  const { runtime, pod, step, follow } = given;
  const source = { runtime, log: { ...pod, step } };
  let text = '';
  const take = (part: string) => {
    if (given.session.json) text += part;
    else given.session.context.out.write(part);
  };
  if (follow) await followLog({ ...given, source, take });
  else take(await readWholeLog(source));
  return text;
}

async function followLog(given: Omit<Reading, 'runtime'> & { step: Step; source: StepLogSource; take: (part: string) => void }) {
  const { session, handle, number, step, source, take } = given;
  const follower = createLogFollower(source);
  for (;;) {
    // Asked before the read, so that what was written just before the end is read too.
    const isOver = hasEnded(await handle.build(number), step);
    take(await follower.read());
    if (isOver) return take(follower.end());
    await session.context.pause(POLL_INTERVAL_MS);
  }
}

function hasEnded({ endedAt, steps }: BuildView, step: Step): boolean {
  return endedAt !== null || steps.some(({ name, endedAt: stepEndedAt }) => name === step && stepEndedAt !== null);
}

/** Without a runtime only Temporal is left to ask, and it keeps no more than the last lines, of the newest build. */
async function readLastLines(given: Omit<Reading, 'runtime'>): Promise<StepLog[]> {
  const { session, handle, number, steps, follow } = given;
  session.note(`the home of ${handle.workspace} cannot be read from here; these are the last lines of each step that has ended`);
  const build = follow ? await handle.waitForBuild(number) : await handle.build(number);
  return steps.map((step) => {
    const lines = build.steps.find(({ name }) => name === step)?.lastLines ?? [];
    printHeader(given, step);
    const text = lines.map((line) => `${line}\n`).join('');
    if (!session.json) session.context.out.write(text);
    return { step, text, complete: false };
  });
}

/** Only where a person reads, and where there is more than one part to tell apart. */
function printHeader({ session, number, steps }: Pick<Reading, 'session' | 'number' | 'steps'>, step: Step): void {
  if (session.json || session.context.out.columns() === null || steps.length === 1) return;
  session.context.out.write(`--- ${step} of build ${number} ---\n`);
}
