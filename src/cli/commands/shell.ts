import type { Command } from 'commander';
import type { WorkspaceHandle } from '../../client';
import { workspacePath } from '../../client/gateway/path';
import type { CliContext } from '../context';
import { CliFailure } from '../failure';
import { openShell } from '../gateway/open-shell';
import type { WorkspaceName } from '../input/arguments';
import { workspaceCommand } from '../input/workspace-command';
import { withRuntimeOf } from '../runtime-access';
import { answerOf, inSession } from '../session';

const PING_INTERVAL_MS = 30_000;

/**
 * `perennial shell`. The exit code is that of the shell, or of the command. What is typed never passes through Temporal: the
 * runtime is opened right here, on the machine of the sandbox, or into the cluster for who holds a kubeconfig; or through the gateway.
 */
export function shellCommand(context: CliContext): Command {
  return workspaceCommand('shell')
    .argument('[command...]', 'the command, after --')
    .addHelpText('after', '\nExample:\n  perennial shell ada/dev\n  perennial shell ada/dev -- git -C project status')
    .action(({ owner, name }: WorkspaceName, argv: string[], _options: object, command: Command) =>
      inSession({ context, command, throughGateway: true }, async (session) => {
        if (session.gateway) {
          const address = await session.gateway.socket(`${workspacePath(owner, name)}/shell`);
          const streams = context.streams();
          const open = (signal: AbortSignal) => openShell(address, { command: argv, streams, signal });
          return context.exit(await untilTermination(context, open));
        }
        const handle = session.client.workspace(owner, name);
        const { id, organization, state, build } = await answerOf(session, handle.status());
        if (state !== 'running' || build === null) throw new CliFailure('NotAllowed', describeRefusal(handle.workspace, state));
        await withRuntimeOf(session, id, async (runtime) => {
          if (runtime === null) {
            const sentence = `${handle.workspace} does not run under ${session.dir} (--dir or PERENNIAL_DIR), nor in a cluster of KUBECONFIG, so no terminal can be opened from here`;
            throw new CliFailure('RuntimeUnavailable', sentence);
          }
          const pod = { id, organization, build: build.number };
          const streams = context.streams();
          const open = () => untilTermination(context, (signal) => runtime.shell(pod, { command: argv, streams, signal }));
          context.exit(await whilePinging(handle, open));
        });
      }),
    );
}

function describeRefusal(workspace: string, state: string): string {
  const hint = state === 'off' || state === 'error' ? `; \`perennial start ${workspace}\` builds it` : '';
  return `expected ${workspace} to be running, it is ${state}${hint}`;
}

/** Counts as access from the first moment to the last; a killed client sends no more pings. */
async function whilePinging<T>(handle: WorkspaceHandle, work: () => Promise<T>): Promise<T> {
  // An open terminal is worth more than a count of it, so a failed ping is ignored; the last poll sees its input anyway.
  const ping = () => handle.ping({ via: 'terminal' }).catch(() => undefined);
  await ping();
  const timer = setInterval(ping, PING_INTERVAL_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    await ping();
  }
}

/** On a signal the shell ends first, so that its last ping is still sent. */
async function untilTermination<T>(context: CliContext, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const ending = new AbortController();
  const stopListening = context.onTermination(() =>
    ending.abort(new CliFailure('Interrupted', 'ended by a signal', { exitCode: 143 })),
  );
  return work(ending.signal).finally(stopListening);
}
