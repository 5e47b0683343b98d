/** Gives a pod its secrets again, beside the loop and beside a build; the rules are in rules/secrets/refresh.ts. */
import { condition, log } from '@temporalio/workflow';
import { refreshActivities } from '../activity-options';
import { failureOf } from '../sdk/activity-failure';
import { Interrupted, observe } from '../sdk/interruptible';
import { sleepUnless } from '../sdk/sleep-until';
import { injectionInput } from './rules/activity-input';
import {
  abandonRefresh,
  beginRefresh,
  completeRefresh,
  failRefresh,
  podWithSecrets,
  refreshAtInBuild,
} from './rules/secrets/refresh';
import type { Run } from './run';

/** In the background: what the pod has goes on to work, and nothing waits for a store that is down. */
export function refreshSecrets(run: Run): void {
  const build = podWithSecrets(run.state);
  if (build === null) return;
  beginRefresh(run.state, Date.now());
  void finishRefresh(run, build);
}

/** A pod that is replaced or removed needs no refresh, and the next run begins it again. */
async function finishRefresh({ state, wake, mustHandOver }: Run, build: number): Promise<void> {
  const isMoot = () => podWithSecrets(state) !== build || mustHandOver();
  const input = injectionInput(state, build);
  const summary = `refresh the secrets of build ${build}`;
  try {
    const injection = await observe(() => refreshActivities.refreshSecrets.executeWithOptions({ summary }, [input]), isMoot);
    completeRefresh(state, build, injection, Date.now());
  } catch (error) {
    if (error instanceof Interrupted) return abandonRefresh(state, Date.now());
    log.warn('secrets: refresh failed', { build, error });
    failRefresh(state, build, failureOf(error), Date.now());
  } finally {
    wake();
  }
}

/** Hooks may run for a day, and longer than a token lives. Without a change and with short hooks this costs no event. */
export async function refreshDuringBuild(run: Run, isOver: () => boolean): Promise<void> {
  const { state } = run;
  while (!isOver()) {
    const now = Date.now();
    const at = refreshAtInBuild(state, now);
    const isMoot = () => isOver() || refreshAtInBuild(state, now) !== at;
    if (at === null) await condition(isMoot);
    else if (at > now) await sleepUnless(isMoot, at - now, 'refresh of the secrets while a hook runs');
    else refreshSecrets(run);
  }
}
