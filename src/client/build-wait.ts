/** Waiting for a build: the server is asked often, the worker only where something happened. */
import { type Client, WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, defaultPayloadConverter } from '@temporalio/common';
import { REPLACED_BY } from '../contract/messages';
import type { BuildView, StatusView } from '../contract/payloads';
import { isClosed } from '../contract/workflow-status';
import { RequestFailure } from './failure';
import { endOf } from './workflow-end';

/** What the step under way waits for, from its heartbeat. */
export interface PendingStep {
  attempt: number;
  waitingFor: string | null;
  lastFailure: string | null;
}

export interface WaitOptions {
  onChange?: (build: BuildView, pending: PendingStep | null) => void;
  /** Called where the build was replaced by another, which is waited for from then on. */
  onReplaced?: (number: number, by: number) => void;
  /** A pause of one's own between two looks; without it, from a quarter of a second to some seconds. */
  intervalMs?: number;
  signal?: AbortSignal;
}

/** A look asks the server alone. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 3_000;
const GROWTH = 1.2;
/** A query costs the worker a task, and of a workspace that it has forgotten a whole replay. */
const QUERY_PAUSE_MS = 1_000;

const STEPS = ['admit', 'prepareHome', 'startPod', 'awaitPod', 'runHookStep', 'stopPod'];

/** What is asked of the workspace itself. */
interface Asked {
  workspace: string;
  status(): Promise<StatusView>;
  build(number: number): Promise<BuildView>;
}

interface Waiting {
  client: Client;
  workflowId: string;
  handle: Asked;
  number: number;
  options: WaitOptions;
}

/**
 * Waits until the build has ended, well or not, or the one that replaced it. Rejects with the failure of the workspace's creation, with
 * `NotFound` for a build that was taken back before it began, and when the workspace ends.
 */
export async function waitForBuild({ options, ...given }: Waiting): Promise<BuildView> {
  let { number } = given;
  let known: { position: string; build: BuildView | null; pending: PendingStep | null } = {
    position: '',
    build: null,
    pending: null,
  };
  let shown = '';
  let sinceQueryMs = Number.POSITIVE_INFINITY;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * GROWTH, LONGEST_PAUSE_MS)) {
    options.signal?.throwIfAborted();
    const { position, pending } = await look(given);
    // Before the build is asked for again it may be at another step.
    if (position === known.position) known.pending = pending;
    else if (sinceQueryMs >= (options.intervalMs ?? QUERY_PAUSE_MS)) {
      const found = await findBuild(given.handle, number);
      const next = typeof found === 'number' ? found : found?.endedAt ? found.replacedBy : undefined;
      if (next !== undefined) {
        options.onReplaced?.(number, next);
        number = next;
        continue;
      }
      known = { position, build: typeof found === 'number' ? null : found, pending: null };
      sinceQueryMs = 0;
    }
    const { build } = known;
    const now = JSON.stringify([build, known.pending]);
    if (build && now !== shown) options.onChange?.(build, build.endedAt === null ? known.pending : null);
    if (build && build.endedAt !== null) return build;
    shown = now;
    await new Promise((resolve) => setTimeout(resolve, options.intervalMs ?? pauseMs));
    sinceQueryMs += options.intervalMs ?? pauseMs;
  }
}

/** Where the workspace's history is, and the step under way. Nothing that the workspace knows changes without another event. */
async function look({ client, workflowId, handle }: Pick<Waiting, 'client' | 'workflowId' | 'handle'>) {
  const described = await client.workflow.getHandle(workflowId).describe();
  const { status, runId, historyLength, closeTime, raw } = described;
  if (isClosed(status)) throw await endOfWait({ client, workflowId, handle, at: closeTime });
  return { position: `${runId} ${historyLength}`, pending: pendingStep(raw) };
}

/** Input that was refused ends the workflow, and its failure is the answer to whoever waits. */
async function endOfWait(given: { client: Client; workflowId: string; handle: Asked; at: Date | undefined }) {
  const { client, workflowId, handle, at } = given;
  const end = await endOf({ client, workflowId, thing: `workspace ${handle.workspace}`, at });
  const failed = end.cause instanceof WorkflowFailedError && end.cause.cause instanceof ApplicationFailure;
  return failed ? end.cause : end;
}

/** The build; the number of the one that replaced it; or null while it has not begun. */
async function findBuild(handle: Asked, number: number): Promise<BuildView | number | null> {
  const { build, state } = await handle.status();
  if (build?.number === number) return build;
  if (build === null) return null;
  if (build.number > number) return kept(handle, number);
  if (state === 'building' || state === 'turning-off') return null;
  throw new RequestFailure('NotFound', `build ${number} of ${handle.workspace} was taken back before it began; it is ${state}`);
}

async function kept(handle: Asked, number: number): Promise<BuildView | number> {
  try {
    return await handle.build(number);
  } catch (error) {
    const replacement = error instanceof RequestFailure && error.message.split(REPLACED_BY)[1];
    if (!replacement) throw error;
    return Number(replacement);
  }
}

type RawDescription = Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['describe']>>['raw'];

/** The pending activity of a build or its clean-up, with its heartbeat's details; null where there is none. */
export function pendingStep({ pendingActivities }: RawDescription): PendingStep | null {
  const pending = pendingActivities?.find(({ activityType }) => STEPS.includes(activityType?.name ?? ''));
  if (!pending) return null;
  const [payload] = pending.heartbeatDetails?.payloads ?? [];
  const details = payload ? defaultPayloadConverter.fromPayload<{ waitingFor?: string } | null>(payload) : null;
  return {
    attempt: pending.attempt ?? 1,
    waitingFor: details?.waitingFor ?? null,
    lastFailure: pending.lastFailure?.message ?? null,
  };
}
