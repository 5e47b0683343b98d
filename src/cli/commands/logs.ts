import { type Command, Option } from 'commander';
import type { WorkspaceHandle } from '../../client';
import type { BuildView } from '../../contract/payloads';
import { RuntimeFailure } from '../../runtimes/failure';
import type { PodRef, Runtime } from '../../runtimes/runtime';
import { createPreparedReader, type HolderValues } from '../../secrets/prepared-values';
import type { SecretStore } from '../../secrets/store';
import type { CliContext } from '../context';
import { CliFailure } from '../failure';
import { readGatewayLogs, STEPS, type Step, type StepLog } from '../gateway/read-logs';
import { parseBuildNumber, type WorkspaceName } from '../input/arguments';
import { workspaceCommand } from '../input/workspace-command';
import { type BuildFollower, followBuild } from '../output/build-follower';
import { createLogPrinter, describeMissing } from '../output/log-printer';
import { createLogFollower, readWholeLog, type StepLogSource } from '../output/log-reader';
import { withRuntimeOf } from '../runtime-access';
import { withStore } from '../secret-keeper';
import { answerOf, inSession, type Session } from '../session';

interface LogsOptions {
  build?: number;
  step?: Step;
  follow?: true;
}

const POLL_INTERVAL_MS = 500;

/** Prints the whole logs of a build from the home, or the last lines that the workspace keeps where the home cannot be read. */
export function logsCommand(context: CliContext): Command {
  return workspaceCommand('logs')
    .option('--build <number>', 'which build (default: the newest)', parseBuildNumber)
    .addOption(new Option('--step <step>', 'one step only').choices(STEPS))
    .option('--follow', 'go on until the build has ended')
    .addHelpText('after', '\nExample:\n  perennial logs ada/dev --step configure --follow')
    .action(({ owner, name }: WorkspaceName, options: LogsOptions, command: Command) =>
      inSession({ context, command, throughGateway: true }, async (session) => {
        const handle = session.client.workspace(owner, name);
        const { id, organization, build } = await answerOf(session, handle.status());
        const number = pickBuild(handle.workspace, { asked: options.build, newest: build?.number });
        const steps = options.step ? [options.step] : [...STEPS];
        const follow = options.follow === true;
        const print = (logs: StepLog[]) => {
          if (session.json) session.print({ json: { workspace: handle.workspace, build: number, logs }, text: '' });
        };
        if (session.gateway)
          return print(await readGatewayLogs({ session, http: session.gateway, handle, number, steps, follow }));
        const pod = { id, organization, build: number };
        await withRuntimeOf(session, id, async (runtime) =>
          print(await readLogs({ session, handle, runtime, pod, number, steps, follow })),
        );
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
  const { session, handle, number, steps, follow } = given;
  const follower = follow ? followBuild(handle, number) : null;
  try {
    if (runtime === null || !(await isReadable(runtime, given.pod))) {
      session.note(
        `the home of ${handle.workspace} cannot be read from here; these are the last lines of each step that has ended`,
      );
      const build = await (follower?.ended ?? handle.build(number));
      return steps.map((step) => showLastLines(given, step, build));
    }
    const readAll = async (store: SecretStore) => {
      const read = createPreparedReader(store);
      const readValues = () => readValuesToMask(read, given);
      const logs: StepLog[] = [];
      for (const step of steps) logs.push(await readLog({ ...given, runtime, step, follower, readValues }));
      return logs;
    };
    return await withStore(session, readAll, runtime);
  } finally {
    follower?.stop();
  }
}

/** The log is raw: without these values it is not shown. */
async function readValuesToMask(
  read: ReturnType<typeof createPreparedReader>,
  { handle, pod }: Pick<Reading, 'handle' | 'pod'>,
): Promise<HolderValues> {
  const [owner = ''] = handle.workspace.split('/');
  try {
    return await read({ owner, organization: pod.organization });
  } catch (error) {
    if (!(error instanceof RuntimeFailure)) throw error;
    throw new CliFailure(error.type, `the log is not shown, since the secrets to mask in it cannot be read: ${error.message}`);
  }
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

interface StepReading extends Omit<Reading, 'runtime'> {
  runtime: Runtime;
  step: Step;
  follower: BuildFollower | null;
  readValues(): Promise<HolderValues>;
}

/** The log in the home; without one there, the last lines that the workspace keeps. */
async function readLog(given: StepReading): Promise<StepLog> {
  const { runtime, pod, step, follower, readValues } = given;
  const source = { runtime, log: { ...pod, step }, readValues };
  const printer = createLogPrinter(given, step);
  const isThere = follower
    ? await followLog({ ...given, follower, source, take: printer.take })
    : await takeWhole(source, printer.take);
  if (isThere) return { step, text: printer.end(), complete: true };
  const build = await given.handle.build(given.number);
  given.session.note(describeMissing(given.number, { ...build.steps.find(({ name }) => name === step), name: step }));
  return showLastLines(given, step, build);
}

async function takeWhole(source: StepLogSource, take: (part: string) => void): Promise<boolean> {
  const text = await readWholeLog(source);
  if (text !== null) take(text);
  return text !== null;
}

/** Whether there was a log in the end. */
async function followLog(given: StepReading & { follower: BuildFollower; source: StepLogSource; take: (part: string) => void }) {
  const { session, step, source, take, follower } = given;
  const log = createLogFollower(source);
  for (;;) {
    // Asked before the read, so that what was written just before the end is read too.
    const isOver = hasEnded(await follower.latest(), step);
    take(await log.read());
    if (isOver) break;
    await session.context.pause(POLL_INTERVAL_MS);
  }
  take(log.end());
  return log.wasThere();
}

function hasEnded({ endedAt, steps }: BuildView, step: Step): boolean {
  return endedAt !== null || steps.some(({ name, endedAt: stepEndedAt }) => name === step && stepEndedAt !== null);
}

/** Temporal keeps no more than the last lines, of the newest build. */
function showLastLines(given: Pick<Reading, 'session' | 'number' | 'steps'>, step: Step, build: BuildView): StepLog {
  const lines = build.steps.find(({ name }) => name === step)?.lastLines ?? [];
  const printer = createLogPrinter(given, step);
  printer.take(lines.map((line) => `${line}\n`).join(''));
  return { step, text: printer.end(), complete: false };
}
