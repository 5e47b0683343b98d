/** The commands that ask a workspace for something and wait for no more than its answer. */
import type { Command } from 'commander';
import type { CliContext } from '../context';
import { parseInstant, parseText, type WorkspaceName } from '../input/arguments';
import { addByOption } from '../input/settings';
import { workspaceCommand } from '../input/workspace-command';
import { printAnswer } from '../output/answer';
import { answerOf, inSession } from '../session';

interface StopOptions {
  by?: string;
  reason?: string;
  wait?: true;
}

const STOP_POLL_INTERVAL_MS = 1_000;
/** What takes long is asked about less often. */
const STOP_POLL_LONGEST_MS = 5_000;
const STOP_POLL_GROWTH = 1.2;

/** Requests a stop, and with `--wait` polls until the pod is removed. */
export function stopCommand(context: CliContext): Command {
  return addByOption(workspaceCommand('stop'))
    .option('--reason <text>', 'why, for its history', parseText)
    .option('--wait', 'wait until it is off')
    .addHelpText('after', '\nExample:\n  perennial stop ada/dev --reason "done for today" --wait')
    .action(({ owner, name }: WorkspaceName, { by, reason, wait }: StopOptions, command: Command) =>
      inSession({ context, command, throughGateway: true }, async (session) => {
        const handle = session.client.workspace(owner, name);
        const answer = await answerOf(session, handle.stop({ ...session.by(by), ...(reason && { reason }) }));
        let { state } = answer;
        for (let pauseMs = STOP_POLL_INTERVAL_MS; wait && state === 'turning-off'; pauseMs *= STOP_POLL_GROWTH) {
          await context.pause(Math.min(pauseMs, STOP_POLL_LONGEST_MS));
          ({ state } = await handle.status());
        }
        printAnswer(session, { workspace: handle.workspace, request: 'stop', answer: { ...answer, state } });
      }),
    );
}

/** Requests the end of the current build. */
export function cancelCommand(context: CliContext): Command {
  return addByOption(workspaceCommand('cancel'))
    .addHelpText('after', '\nExample:\n  perennial cancel ada/dev')
    .action(({ owner, name }: WorkspaceName, { by }: { by?: string }, command: Command) =>
      inSession({ context, command, throughGateway: true }, async (session) => {
        const handle = session.client.workspace(owner, name);
        const answer = await answerOf(session, handle.cancelBuild(session.by(by)));
        printAnswer(session, { workspace: handle.workspace, request: 'cancel', answer });
      }),
    );
}

/** Requests that a delete is taken back, which works until the home is purged. */
export function restoreCommand(context: CliContext): Command {
  return addByOption(workspaceCommand('restore'))
    .addHelpText('after', '\nExample:\n  perennial restore ada/dev')
    .action(({ owner, name }: WorkspaceName, { by }: { by?: string }, command: Command) =>
      inSession({ context, command, throughGateway: true }, async (session) => {
        const handle = session.client.workspace(owner, name);
        const answer = await answerOf(session, handle.restore(session.by(by)));
        printAnswer(session, { workspace: handle.workspace, request: 'restore', answer });
      }),
    );
}

/** Reports an access, now or at `--at`. A ping is a signal, so it needs no worker and has no answer. */
export function pingCommand(context: CliContext): Command {
  return workspaceCommand('ping')
    .option('--via <what>', 'what it is used through: ssh, terminal, web, ide, api, or any text', parseText)
    .option('--at <instant>', 'when it was used, if not now', parseInstant)
    .addHelpText('after', '\nExample:\n  perennial ping ada/dev --via ssh')
    .action(({ owner, name }: WorkspaceName, { via, at }: { via?: string; at?: string }, command: Command) =>
      inSession({ context, command, throughGateway: true }, async ({ client, print }) => {
        const { workspace, ping } = client.workspace(owner, name);
        const sent = { ...(via && { via }), ...(at && { at }) };
        await ping(sent);
        print({ json: { workspace, ...sent }, text: `${workspace}: pinged` });
      }),
    );
}
