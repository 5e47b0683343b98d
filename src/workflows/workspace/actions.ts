/** Carries out each decision of the loop: one function for each, all of them interruptible, none undoing anything. */
import { log } from '@temporalio/workflow';
import { lastLookActivities, shortActivities } from '../activity-options';
import { Interrupted, observe } from '../sdk/interruptible';
import { sleepUnless } from '../sdk/sleep-until';
import { continueBuild } from './build';
import { cleanUp, purge } from './clean-up';
import { ensurePlan } from './plan';
import { publish } from './publish';
import { refreshDuringBuild, refreshSecrets } from './refresh-secrets';
import { podRef } from './rules/activity-input';
import { autoOffAt, stopIdle, takeLastLook } from './rules/auto-off';
import { renewWindow, skipDate, startBySchedule } from './rules/auto-start';
import { beginBuild } from './rules/begin-build';
import { finishBuild } from './rules/build-steps';
import { endAnnouncement } from './rules/campaign/forced-rebuild';
import type { Decision } from './rules/decide';
import { beginPolicyRead, takePolicy } from './rules/policy-update';
import { currentBuild, newestBuild } from './rules/state';
import type { Run } from './run';

/** Not async, nor is `sleep`: each would add promises that stay pending while the workspace sleeps (see sdk/sleep-until.ts). */
export function act(run: Run, decision: Decision): Promise<void> | void {
  const { state } = run;
  switch (decision.do) {
    case 'plan':
      return ensurePlan(run);
    case 'readPolicy':
      return readPolicy(run);
    case 'refreshSecrets':
      return refreshSecrets(run);
    case 'begin':
      return beginBuild(state, Date.now());
    case 'build':
      return build(run);
    case 'clean':
      return cleanUp(run);
    case 'lastLook':
      return lastLook(run, decision.offAt);
    case 'autoOff':
      return stopIdle(state, decision.offAt, Date.now());
    case 'autoStart':
      return startBySchedule(state, decision.at);
    case 'renew':
      return renewWindow(state, decision.at);
    case 'endAnnouncement':
      return endAnnouncement(state);
    case 'skipDate':
      return skipDate(state, decision, Date.now());
    case 'purge':
      return purge(run);
    case 'sleep':
      return sleep(run, decision);
  }
}

/** In the background: an older version of the policy is known, so nothing waits for the read. */
function readPolicy(run: Run): void {
  beginPolicyRead(run.state, Date.now());
  void finishPolicyRead(run);
}

/** Wakes the loop in the same activation that takes the policy; otherwise the loop would decide and arm its timer twice. */
async function finishPolicyRead({ state, wake }: Run): Promise<void> {
  const { organization, owner } = state;
  try {
    const summary = `policy of ${organization}`;
    const policy = await shortActivities.readPolicy.executeWithOptions({ summary }, [{ organization, owner }]);
    takePolicy(state, policy, Date.now());
  } catch (error) {
    log.warn('policy: read failed', { organization, error });
  } finally {
    wake();
  }
}

async function build(run: Run): Promise<void> {
  const { state } = run;
  const current = currentBuild(state);
  if (!current) return;
  const interrupted = () => state.ending !== null || run.mustHandOver();
  let isOver = false;
  void refreshDuringBuild(run, () => isOver);
  await continueBuild({ state, build: current, interrupted, changed: () => publish(run) });
  isOver = true;
  finishBuild(state, current, Date.now());
}

async function lastLook({ state, mustHandOver }: Run, offAt: number): Promise<void> {
  const newest = newestBuild(state);
  if (!newest) return;
  const isMoot = () => state.phase !== 'running' || autoOffAt(state) !== offAt || mustHandOver();
  const input = { pod: podRef(state, newest.number) };
  try {
    const { lastInputAt } = await observe(
      () => lastLookActivities.lastLook.executeWithOptions({ summary: 'last look before auto-off' }, [input]),
      isMoot,
    );
    takeLastLook(state, { offAt, lastInputAt }, Date.now());
  } catch (error) {
    if (error instanceof Interrupted) return;
    // Only PodLost is final here, and a lost pod has no terminals.
    log.info('last look: the pod is gone', { error });
    takeLastLook(state, { offAt, lastInputAt: null }, Date.now());
  }
}

function sleep(run: Run, { until, summary }: { until: number; summary: string }): Promise<void> | void {
  const ms = until - Date.now();
  if (ms > 0) return sleepUnless(() => run.isAwake || run.mustHandOver(), ms, summary);
}
