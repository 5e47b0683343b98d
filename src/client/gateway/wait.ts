import { setTimeout as pause } from 'node:timers/promises';
import type { BuildView, StatusView } from '../../contract/payloads';
import type { WaitOptions } from '../build-wait';
import { RequestFailure } from '../failure';
import type { PendingStep } from '../pending-step';
import type { GatewayHttp } from './http';

/** A build, and what its step waits for. */
export interface ReadBuild {
  build: BuildView;
  pending: PendingStep | null;
}

/** Reads builds of the workspace at a path. For a build that was replaced before it began, its replacement is read. */
export function buildReader(http: GatewayHttp, path: string): (number: number) => Promise<ReadBuild> {
  return async (number) => {
    type Answer = BuildView & { pending: PendingStep | null; requested?: number };
    const { pending, requested, ...build } = await http.json<Answer>('GET', `${path}/builds/${number}`);
    return { build, pending };
  };
}

const POLL_MS = 1_000;

/** Waits as `WorkspaceHandle.waitForBuild`, by asking the gateway. */
export async function waitForBuild(wait: {
  read: (number: number) => Promise<ReadBuild>;
  status: () => Promise<StatusView>;
  number: number;
  options: WaitOptions;
}): Promise<BuildView> {
  const { read, status, options } = wait;
  let { number } = wait;
  let reported = '';
  for (;;) {
    if (options.signal?.aborted) throw new RequestFailure('Failed', String(options.signal.reason));
    const found = await readBegun({ read, status, number });
    const next = found && (found.build.number !== number ? found.build.number : found.build.endedAt && found.build.replacedBy);
    if (next) {
      options.onReplaced?.(number, next);
      number = next;
      continue;
    }
    const current = JSON.stringify(found);
    if (found && current !== reported) options.onChange?.(found.build, found.pending);
    if (found?.build.endedAt) return found.build;
    reported = current;
    await pause(options.intervalMs ?? POLL_MS);
  }
}

/** Null before the build begins. */
async function readBegun(wait: {
  read: (number: number) => Promise<ReadBuild>;
  status: () => Promise<StatusView>;
  number: number;
}): Promise<ReadBuild | null> {
  try {
    return await wait.read(wait.number);
  } catch (error) {
    if (!(error instanceof RequestFailure) || error.type !== 'NotFound') throw error;
    const { build, state } = await wait.status();
    const isWaiting = build === null || (build.number < wait.number && (state === 'building' || state === 'turning-off'));
    if (isWaiting) return null;
    throw error;
  }
}
