/** The commands that begin a build: create, start, and rebuild. */
import type { Command } from 'commander';
import type { WorkspaceHandle } from '../../client';
import type { Answer, CreateInput } from '../../contract/payloads';
import type { CliContext } from '../context';
import { parseHomeId, parseName, parseText, type WorkspaceName } from '../input/arguments';
import {
  addBuildOptions,
  addByOption,
  addSettingOptions,
  type BuildOptions,
  readBuildOptions,
  readSettingOptions,
  type SettingOptions,
} from '../input/settings';
import { workspaceCommand } from '../input/workspace-command';
import { printAnswer } from '../output/answer';
import { watchBuild } from '../output/build-progress';
import { answerOf, inSession, type Session } from '../session';

interface StartOptions {
  by?: string;
  wait: boolean;
}

type CreateOptions = SettingOptions & StartOptions & { organization?: string; home?: string };
type RebuildOptions = BuildOptions & StartOptions & { reason?: string };

/** `perennial create`. What the workspace refuses of its input shows when it is waited for: creating alone needs no worker. */
export function createCommand(context: CliContext): Command {
  return addStartOptions(addSettingOptions(workspaceCommand('create')))
    .option('--organization <name>', "organization whose policy holds (default: the owner's)", parseName)
    .option(
      '--home <id>',
      'take over the home that a workspace of the same owner left, see `perennial orphans list`',
      parseHomeId,
    )
    .addHelpText(
      'after',
      '\nExample:\n  perennial create ada/dev --image starter:1 --auto-start "08:30 Europe/Berlin" --auto-off 2h',
    )
    .action((workspace: WorkspaceName, options: CreateOptions, command: Command) => {
      const input = readCreateInput(workspace, options, command);
      return inSession({ context, command }, async (session) => {
        const handle = await session.client.create({ ...input, ...session.by(options.by) });
        await followBuild(session, { handle, request: 'create', wait: options.wait, answer: CREATED });
      });
    });
}

/** Requests a build of a workspace that does not run, and shows its steps unless `--no-wait` is given. */
export function startCommand(context: CliContext): Command {
  return addStartOptions(workspaceCommand('start'))
    .addHelpText('after', '\nExample:\n  perennial start ada/dev')
    .action(({ owner, name }: WorkspaceName, { by, wait }: StartOptions, command: Command) =>
      inSession({ context, command, throughGateway: true }, async (session) => {
        const handle = session.client.workspace(owner, name);
        const answer = await answerOf(session, handle.start(session.by(by)));
        await followBuild(session, { handle, request: 'start', wait, answer });
      }),
    );
}

/** `perennial rebuild`. What is given with it stays the workspace's own, also for later builds. */
export function rebuildCommand(context: CliContext): Command {
  return addStartOptions(addBuildOptions(workspaceCommand('rebuild')))
    .option('--reason <text>', 'why, for its history', parseText)
    .addHelpText('after', '\nExample:\n  perennial rebuild ada/dev --image starter:2 --reason "new compiler"')
    .action(({ owner, name }: WorkspaceName, { by, wait, reason, ...options }: RebuildOptions, command: Command) =>
      inSession({ context, command, throughGateway: true }, async (session) => {
        const handle = session.client.workspace(owner, name);
        const input = { ...readBuildOptions(options), ...session.by(by), ...(reason && { reason }) };
        const answer = await answerOf(session, handle.rebuild(input));
        await followBuild(session, { handle, request: 'rebuild', wait, answer });
      }),
    );
}

/** A workspace begins with its first build; creating is no update and has no answer of its own. */
const CREATED: Answer = { outcome: 'accepted', state: 'building', build: 1 };

function addStartOptions(command: Command): Command {
  return addByOption(command).option('--no-wait', 'do not wait for the build');
}

function readCreateInput({ owner, name }: WorkspaceName, options: CreateOptions, command: Command): CreateInput {
  const { organization, home } = options;
  const settings = readSettingOptions(options, command);
  return {
    owner,
    name,
    ...settings,
    ...(organization && { organization }),
    ...(home && { home }),
  };
}

async function followBuild(
  session: Session,
  given: { handle: WorkspaceHandle; request: string; wait: boolean; answer: Answer },
): Promise<void> {
  const { handle, request, wait, answer } = given;
  const { build, outcome } = answer;
  // What runs already was built before; there is nothing to wait for.
  if (wait && build !== null && outcome !== 'already') return watchBuild(session, { handle, answer: { ...answer, build } });
  printAnswer(session, { workspace: handle.workspace, request, answer });
}
