/** Computes the next scheduled start in a local activity, which keeps zone arithmetic out of workflow code. */
import { log } from '@temporalio/workflow';
import { localActivities } from '../activity-options';
import { Interrupted, observe } from '../sdk/interruptible';
import { planTimedOut, takePlan, wantedPlan } from './rules/auto-start';
import type { Run } from './run';

/** Computes the wanted plan. The loop and an update may call this at the same time, and share one computation. */
export function ensurePlan(run: Run): Promise<void> {
  run.planning ??= plan(run).finally(() => {
    run.planning = null;
  });
  return run.planning;
}

/** How many plans an answer waits for when the schedule changes during the computation. */
const MAX_PLANS = 3;

/** Resolves when the present schedule is planned or cannot be planned. The loop may be busy with a build meanwhile. */
export async function settlePlan(run: Run): Promise<void> {
  for (let tries = 0; tries < MAX_PLANS && wantedPlan(run.state, Date.now()); tries += 1) await ensurePlan(run);
}

/** Never rejects, and is bounded in time, so that the loop goes on. Ends early when another plan is wanted. */
async function plan({ state }: Run): Promise<void> {
  const wanted = wantedPlan(state, Date.now());
  if (!wanted) return;
  const { key, schedule, after } = wanted;
  const isMoot = () => wantedPlan(state, Date.now())?.key !== key;
  try {
    const planned = await observe(() => localActivities.nextOccurrence({ schedule, after }), isMoot);
    if (!isMoot()) takePlan(state, key, planned, Date.now());
  } catch (error) {
    if (error instanceof Interrupted) return;
    log.warn('auto-start: computing the next start failed', { error });
    if (!isMoot()) planTimedOut(state, key, Date.now());
  }
}
