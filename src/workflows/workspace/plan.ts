/** When the workspace starts by its schedule, asked of a local activity: zone arithmetic is kept out of workflow code. */
import { log } from '@temporalio/workflow';
import { local } from '../activity-options';
import { Interrupted, observe } from '../sdk/interruptible';
import { noteNoPlan, notePlan, wantedPlan } from './rules/auto-start';
import type { Run } from './run';

/** Brings the plan up to date with what is wanted now. The loop and an update may ask at the same time, and share the answer. */
export function ensurePlan(run: Run): Promise<void> {
  run.planning ??= plan(run).finally(() => {
    run.planning = null;
  });
  return run.planning;
}

/** So often an answer waits for another plan, where the wish changes while one is made. */
const SETTLE_TRIES = 3;

/** Until what is wanted now is planned, or it is known that it cannot be; the loop may be busy with a build meanwhile. */
export async function settlePlan(run: Run): Promise<void> {
  for (let tries = 0; tries < SETTLE_TRIES && wantedPlan(run.state, Date.now()); tries += 1) await ensurePlan(run);
}

/** Total, and bounded in time: whatever comes of it, the loop goes on. Given up when another plan is wanted meanwhile. */
async function plan({ state }: Run): Promise<void> {
  const wanted = wantedPlan(state, Date.now());
  if (!wanted) return;
  const { key, schedule, after } = wanted;
  const isMoot = () => wantedPlan(state, Date.now())?.key !== key;
  try {
    const planned = await observe(() => local.nextOccurrence({ schedule, after }), isMoot);
    if (!isMoot()) notePlan(state, key, planned, Date.now());
  } catch (error) {
    if (error instanceof Interrupted) return;
    log.warn('the next start could not be computed', { error });
    if (!isMoot()) noteNoPlan(state, key, Date.now());
  }
}
