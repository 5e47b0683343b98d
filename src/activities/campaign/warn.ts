/** Warns the terminals of workspaces whose rebuild is near. */
import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { cutText, MESSAGE_LIMIT } from '../../contract/text-limit';
import { warnTerminalsCommand } from '../../hooks/shell/warn-terminals';
import type { Runtime } from '../../runtimes/runtime';
import { withTimeLimit } from '../../runtimes/time-limit';
import { startHeartbeat } from '../heartbeat';
import { openWorkspaces } from './open-workspaces';
import { inLanes } from './requests';

/** How long the terminals of one workspace may delay the others. */
const LIMIT_MS = 10_000;

/** The input of `warnTerminals`. */
export interface WarnTerminalsInput {
  /** `organization/id`. */
  campaign: string;
  by: string;
  reason: string;
  /** `rebuildAt` in epoch milliseconds. */
  targets: { workspace: string; rebuildAt: number }[];
}

/** A workspace that cannot be warned delays no rebuild. */
export async function warnTerminals(
  { client, runtime }: { client: Client; runtime: Runtime },
  input: WarnTerminalsInput,
): Promise<void> {
  const context = Context.current();
  const { cancellationSignal, log } = context;
  const open = openWorkspaces(client, cancellationSignal);
  const endHeartbeat = startHeartbeat(() => context.heartbeat({ waitingFor: 'terminals to be warned' }));
  try {
    await inLanes(input.targets, async ({ workspace, rebuildAt }) => {
      try {
        const { id, organization, build, state } = await open.status(workspace);
        if (build === null || state !== 'running') return;
        const command = warnTerminalsCommand(warning(input, rebuildAt));
        const limit = { what: 'the warning of terminals', limitMs: LIMIT_MS, signal: cancellationSignal };
        await withTimeLimit(limit, (signal) => runtime.exec({ id, organization, build: build.number }, command, signal));
      } catch (error) {
        cancellationSignal.throwIfAborted();
        log.warn('campaign: terminals not warned', { workspace, error });
      }
    });
  } finally {
    endHeartbeat();
  }
}

function warning({ campaign, by, reason }: WarnTerminalsInput, rebuildAt: number): string {
  const at = `${new Date(rebuildAt).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  const text = `Perennial: this workspace is rebuilt at ${at} by campaign ${campaign} (${by}): ${reason}. Its home stays; save your work.`;
  // Control characters of the reason would reach the terminal.
  return cutText(text, { characters: MESSAGE_LIMIT.characters * 2 });
}
