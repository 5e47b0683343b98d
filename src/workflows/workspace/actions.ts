/** What each decision comes to: one function for each, all of them interruptible, none undoing anything. */
import { log } from '@temporalio/workflow';
import { look, short } from '../activity-options';
import { Interrupted, observe } from '../sdk/interruptible';
import { sleepUnless } from '../sdk/sleep-until';
import { continueBuild } from './build';
import { clean, purge } from './clean-up';
import { ensurePlan } from './plan';
import { publish } from './publish';
import { podRef } from './rules/activity-input';
import { autoOffAt, autoOffThreshold, noteLook, openWindow } from './rules/auto-off';
import { MISSED_AFTER_MS, useUpDate } from './rules/auto-start';
import { nextStep } from './rules/build-steps';
import type { Decision } from './rules/decide';
import { noteReading, takePolicy } from './rules/policy-update';
import { currentBuild, newestBuild, type State } from './rules/state';
import { beginBuild, finishBuild, queueBuild, turnOff } from './rules/transition';
import { iso } from './rules/view-status';
import type { Run } from './run';

/** Not async, nor is `sleep`: each would add promises that stay pending while the workspace sleeps (see sleep.ts). */
export function act(run: Run, decision: Decision): Promise<void> | void {
  const { state } = run;
  switch (decision.do) {
    case 'plan':
      return ensurePlan(run);
    case 'readPolicy':
      return readPolicy(run);
    case 'begin':
      return beginBuild(state, Date.now());
    case 'build':
      return build(run);
    case 'clean':
      return clean(run);
    case 'look':
      return lookAtTerminals(run, decision.offAt);
    case 'autoOff':
      return autoOff(state, decision.offAt);
    case 'autoStart':
      return autoStart(state, decision.at);
    case 'renew':
      return renew(state, decision.at);
    case 'skipDate':
      return skipDate(state, decision);
    case 'purge':
      return purge(run);
    case 'sleep':
      return sleep(run, decision);
  }
}

/** In the background: nothing waits for a policy that is known in an older version. */
function readPolicy(run: Run): void {
  noteReading(run.state, Date.now());
  void takeReading(run);
}

/** Wakes in the very turn in which it takes the policy: a loop that wakes in between would look, and arm its timer, twice. */
async function takeReading({ state, wake }: Run): Promise<void> {
  const { organization } = state;
  try {
    const policy = await short.readPolicy.executeWithOptions({ summary: `policy of ${organization}` }, [{ organization }]);
    takePolicy(state, policy, Date.now());
  } catch (error) {
    log.warn('the policy could not be read again', { error });
  } finally {
    wake();
  }
}

async function build(run: Run): Promise<void> {
  const { state } = run;
  const current = currentBuild(state);
  if (!current) return;
  const interrupted = () => state.ending !== null || run.mustHandOver();
  await continueBuild({ state, build: current, interrupted, changed: () => publish(run) });
  if (state.ending || nextStep(current)) return;
  finishBuild(state, current, Date.now());
  openWindow(state, Date.now());
}

async function lookAtTerminals({ state, mustHandOver }: Run, offAt: number): Promise<void> {
  const pod = newestBuild(state);
  if (!pod) return;
  const isMoot = () => state.phase !== 'running' || autoOffAt(state) !== offAt || mustHandOver();
  const input = { pod: podRef(state, pod.number) };
  try {
    const { lastInputAt } = await observe(
      () => look.lastLook.executeWithOptions({ summary: 'last look before auto-off' }, [input]),
      isMoot,
    );
    noteLook(state, { offAt, lastInputAt }, Date.now());
  } catch (error) {
    if (error instanceof Interrupted) return;
    // Only the certain loss of the pod is final here, and a lost pod has no terminals.
    log.info('the last look found no pod', { error });
    noteLook(state, { offAt, lastInputAt: null }, Date.now());
  }
}

function autoOff(state: State, offAt: number): void {
  const threshold = autoOffThreshold(state);
  if (autoOffAt(state) !== offAt || !threshold) return;
  const origin =
    threshold.source === 'workspace' ? "the workspace's own autoOff" : `policy version ${state.policy?.version ?? 0}`;
  const access = state.lastAccess ? `last access ${iso(state.lastAccess.at)} via ${state.lastAccess.via}` : 'no access';
  const evidence = `${access}, window since ${iso(state.window.startedAt)}, threshold ${threshold.after}`;
  turnOff(
    state,
    'off',
    { cause: 'auto-off', by: 'inactivity', rule: `${origin}: autoOff.after ${threshold.after}`, evidence },
    Date.now(),
  );
}

function autoStart(state: State, at: number): void {
  const { autoStart: schedule } = state.own;
  const rule = `autoStart ${schedule?.time ?? ''} ${schedule?.timeZone ?? ''}`;
  queueBuild(state, { cause: 'auto-start', by: 'schedule', rule, evidence: `to be ready at ${iso(at)}` });
  useUpDate(state, at);
  state.schedule.renewAt = at;
  state.schedule.skipped = null;
}

function renew(state: State, at: number): void {
  state.window.startedAt = Math.max(state.window.startedAt, at);
  state.window.due = null;
  state.schedule.renewAt = null;
  useUpDate(state, at);
}

/** After a long outage older dates are over too: each would be skipped in turn. */
function skipDate(state: State, { at, because }: { at: number; because: string }): void {
  state.schedule.skipped = { at, because };
  useUpDate(state, Math.max(at, Date.now() - MISSED_AFTER_MS));
}

function sleep(run: Run, { until, summary }: { until: number; summary: string }): Promise<void> | void {
  const ms = until - Date.now();
  if (ms > 0) return sleepUnless(() => run.isAwake || run.mustHandOver(), ms, summary);
}
