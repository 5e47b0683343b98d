/** Waits for a build. The server is polled often, the worker queried only where the history has grown. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Client, WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { replacementIn } from '../contract/messages';
import type { BuildView, StatusView } from '../contract/payloads';
import { isClosed } from '../contract/workflow-status';
import { RequestFailure } from './failure';
import { type PendingStep, pendingStep } from './pending-step';
import { endOf } from './workflow-end';

/** How `waitForBuild` waits and what it reports. */
export interface WaitOptions {
  /** Called with each state of the build that differs from the last, and with what its step waits for; null: no step runs. */
  onChange?: (build: BuildView, pending: PendingStep | null) => void;
  /** Called where the build was replaced by another, which is waited for from then on. */
  onReplaced?: (number: number, by: number) => void;
  /** A fixed interval of the polls in milliseconds. Absent: exponential backoff from 250 ms to 3 s. */
  intervalMs?: number;
  /** Ends the wait with the signal's reason; the build goes on. */
  signal?: AbortSignal;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 3_000;
const GROWTH = 1.2;
/** A query costs the worker a task, and a whole replay where the workspace is not in its cache. */
const QUERY_PAUSE_MS = 1_000;

/** The queries of a workspace. */
interface BuildQueries {
  workspace: string;
  status(): Promise<StatusView>;
  build(number: number): Promise<BuildView>;
}

interface BuildWait {
  client: Client;
  workflowId: string;
  handle: BuildQueries;
  number: number;
  options: WaitOptions;
}

/** The last answers: the build as of a position in the workspace's history, and the pending step. */
interface Progress {
  position: string;
  build: BuildView | null;
  pending: PendingStep | null;
}

/**
 * Waits until the build has ended, well or not, or the build that replaced it. Rejects with the failure of the workspace's creation,
 * with `NotFound` for a build that was withdrawn before it began, and when the workspace ends.
 */
export async function waitForBuild({ options, ...wait }: BuildWait): Promise<BuildView> {
  let { number } = wait;
  let progress: Progress = { position: '', build: null, pending: null };
  let reported = '';
  let sinceQueryMs = Number.POSITIVE_INFINITY;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * GROWTH, LONGEST_PAUSE_MS)) {
    options.signal?.throwIfAborted();
    const { position, pending } = await poll(wait);
    // With a longer history the step may be another one than in the known build.
    if (position === progress.position) progress.pending = pending;
    else if (sinceQueryMs >= (options.intervalMs ?? QUERY_PAUSE_MS)) {
      const found = await findBuild(wait.handle, number);
      const next = typeof found === 'number' ? found : found?.endedAt ? found.replacedBy : undefined;
      if (next !== undefined) {
        options.onReplaced?.(number, next);
        number = next;
        continue;
      }
      progress = { position, build: typeof found === 'number' ? null : found, pending: null };
      sinceQueryMs = 0;
    }
    const { build } = progress;
    const current = JSON.stringify([build, progress.pending]);
    if (build && current !== reported) options.onChange?.(build, build.endedAt === null ? progress.pending : null);
    if (build && build.endedAt !== null) return build;
    reported = current;
    await pause(options.intervalMs ?? pauseMs);
    sinceQueryMs += options.intervalMs ?? pauseMs;
  }
}

/** The position of the workspace's history, and the pending step. What the workspace knows changes only with another event. */
async function poll({ client, workflowId, handle }: Pick<BuildWait, 'client' | 'workflowId' | 'handle'>) {
  const { status, runId, historyLength, closeTime, raw } = await client.workflow.getHandle(workflowId).describe();
  if (isClosed(status)) throw await endOfWait({ client, workflowId, handle, at: closeTime });
  return { position: `${runId} ${historyLength}`, pending: pendingStep(raw) };
}

/** An input that is refused ends the workflow, and its failure is the answer to the wait. */
async function endOfWait(ended: { client: Client; workflowId: string; handle: BuildQueries; at: Date | undefined }) {
  const { client, workflowId, handle, at } = ended;
  const end = await endOf({ client, workflowId, subject: `workspace ${handle.workspace}`, at });
  const isFailed = end.cause instanceof WorkflowFailedError && end.cause.cause instanceof ApplicationFailure;
  return isFailed ? end.cause : end;
}

/** The build; the number of the build that replaced it; or null before it begins. */
async function findBuild(handle: BuildQueries, number: number): Promise<BuildView | number | null> {
  const { build, state } = await handle.status();
  if (build?.number === number) return build;
  if (build === null) return null;
  if (build.number > number) return keptBuild(handle, number);
  if (state === 'building' || state === 'turning-off') return null;
  throw new RequestFailure('NotFound', `build ${number} of ${handle.workspace} was taken back before it began; it is ${state}`);
}

async function keptBuild(handle: BuildQueries, number: number): Promise<BuildView | number> {
  try {
    return await handle.build(number);
  } catch (error) {
    const replacement = error instanceof RequestFailure ? replacementIn(error.message) : null;
    if (replacement === null) throw error;
    return replacement;
  }
}
