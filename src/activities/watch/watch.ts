/**
 * The watch: compares the pods that run with the workspaces, reports losses, and removes pods without a workspace. Suspects pass from
 * one attempt to the next with the heartbeats. Unreachable is not gone, and unlisted is not ended.
 */
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { untilAborted } from '../../hooks/until-aborted';
import type { Dependencies } from '../dependencies';
import { toApplicationFailure } from '../failure';
import { compareFully } from './full-round';
import { startWatchHeartbeat } from './heartbeat';
import type { LiveWorkspace } from './list-workspaces';
import { reportLosses } from './lost-pods';
import { forEach, type Round } from './round';
import { auditUsage } from './usage-audit';

/** The activity ends after this, so that its workflow can continue as new. */
const WATCH_MS = 10 * 60_000;
/** The default interval of full rounds, which list the workspaces too. */
const FULL_INTERVAL_MS = 30_000;
/** Usage records are compared every 10 minutes only, since organizations return all of them at once. */
const FULL_ROUNDS_PER_AUDIT = 20;

/** The activity `watch`. */
export function watchActivities(dependencies: Dependencies) {
  return {
    watch: (_input: { runtime: string }): Promise<void> => retried(() => watchFor(dependencies)),
  };
}

/** Makes every failure retryable: after a final one the workflow would start the activity again without a pause. */
async function retried(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { type, message, details } = toApplicationFailure(error);
    throw ApplicationFailure.create({ type: type ?? 'RuntimeUnavailable', message, details: details ?? [] });
  }
}

async function watchFor({
  runtime,
  client,
  watchIntervalMs,
  watchFullIntervalMs = FULL_INTERVAL_MS,
}: Dependencies): Promise<void> {
  const context = Context.current();
  const { known, progress, keep, end } = startWatchHeartbeat(watchIntervalMs);
  const suspects = new Set(known.suspects);
  const round: Round = { runtime, client, reported: new Set(), suspects, unknown: new Map(), progress };
  const endsAt = Date.now() + WATCH_MS;
  let fullRounds = 0;
  try {
    while (Date.now() < endsAt && !context.cancellationSignal.aborted) {
      round.unknown.clear();
      const passOver = (organization: string, why: string) => void round.unknown.set(organization, why);
      const pods = await untilAborted(context.cancellationSignal, () => runtime.listPods(passOver));
      await reportLosses(round, pods);
      const now = Date.now();
      // The clock of the attempt before, on another worker, may be ahead.
      if (Math.abs(now - known.comparedAt) >= watchFullIntervalMs) {
        const live = await compareFully(round, pods);
        if (fullRounds % FULL_ROUNDS_PER_AUDIT === 0) await audit(round, live);
        fullRounds += 1;
        keep({ suspects: round.suspects, comparedAt: now });
      }
      progress(`the next round; ${pods.length} pods are listed`);
      await context.sleep(watchIntervalMs);
    }
  } finally {
    end();
  }
}

/** A failed audit is retried with the next one: wrong usage records do no immediate harm. */
async function audit(round: Round, live: Map<string, LiveWorkspace>): Promise<void> {
  const { runtime, client } = round;
  try {
    await auditUsage({ runtime, client, live, forEach: (items, what, work) => forEach({ round, items, what }, work) });
  } catch (error) {
    Context.current().log.warn('usage audit: failed', { error });
  }
}
