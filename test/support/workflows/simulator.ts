/**
 * Runs the loop of a workspace without Temporal: calls `decide` and applies the same rules as src/workflows/workspace/actions.ts, build.ts,
 * and clean-up.ts, with activities whose results the test sets. Time moves only when the test moves it.
 */
import { nextOccurrence } from '../../../src/activities/occurrences';
import type { FailureType } from '../../../src/contract/failure-types';
import type { Injection } from '../../../src/contract/internal/payloads';
import type { Policy } from '../../../src/contract/policy';
import { parseCreation } from '../../../src/workflows/input/messages';
import { stopIdle, takeLastLook, trackDue } from '../../../src/workflows/workspace/rules/auto-off';
import { renewWindow, skipDate, startBySchedule, takePlan, wantedPlan } from '../../../src/workflows/workspace/rules/auto-start';
import { beginBuild } from '../../../src/workflows/workspace/rules/begin-build';
import {
  beginStep,
  completeStep,
  failStep,
  finishBuild,
  isFinal,
  nextStep,
  priorityRaised,
  type RunningStep,
  type StepFailure,
  type StepSuccess,
} from '../../../src/workflows/workspace/rules/build-steps';
import { endAnnouncement } from '../../../src/workflows/workspace/rules/campaign/forced-rebuild';
import { homePurged, podRemoved } from '../../../src/workflows/workspace/rules/clean-up';
import { type Decision, decide } from '../../../src/workflows/workspace/rules/decide';
import { migrate } from '../../../src/workflows/workspace/rules/migrate';
import { beginPolicyRead, takePolicy } from '../../../src/workflows/workspace/rules/policy-update';
import {
  abandonRefresh,
  beginRefresh,
  completeRefresh,
  failRefresh,
  podWithSecrets,
} from '../../../src/workflows/workspace/rules/secrets/refresh';
import { takeEarlySignals } from '../../../src/workflows/workspace/rules/signals';
import { createState, currentBuild, type State, type StepRecord } from '../../../src/workflows/workspace/rules/state';

/** How a step ends: done, with a warning, with `ImageInvalid`, or with a failure of this type. */
export type StepOutcome = 'done' | 'warning' | 'failed' | FailureType;

/** How a refresh ends: done, interrupted, not in this test, or with a failure of this type. */
export type RefreshOutcome = 'done' | 'interrupted' | 'unanswered' | FailureType;

const STEP_TOOK_MS = 1_000;
/** A loop that makes more decisions without a sleep never rests. */
const MAX_DECISIONS = 2_000;

export class Simulator {
  state: State;
  now: number;
  /** The policy that a read returns. */
  policy: Policy;
  /** How the next steps of builds end, a skipped one included; `done` by default. */
  outcomes: StepOutcome[] = [];
  /** What pods are given; null where the installation keeps no secrets. */
  injection: Injection | null = null;
  /** How the next refreshes of secrets end; `done` by default. */
  refreshes: RefreshOutcome[] = [];
  /** The build whose pod was last given its secrets again. */
  private refreshed: number | null = null;
  /** Called in the middle of each step; `hand-over` ends the run there, so that the step is no longer observed. */
  meanwhile: ((step: StepRecord) => 'hand-over' | undefined) | null = null;
  /** The text of pods, images, and failures, repeated many times; short texts by default. */
  text: string | null = null;
  /** The answer of the last look. */
  lastInputAt: number | null = null;

  constructor(input: Record<string, unknown>, { policy, now }: { policy: Policy; now: number }) {
    this.now = now;
    this.policy = policy;
    this.state = createState(parseCreation({ owner: 'ada', name: 'dev', image: 'starter:1', ...input }), 'home-1', now);
  }

  /** Reads the policy for the first time, and takes the signals that arrived before. */
  admit(): this {
    takePolicy(this.state, this.policy, this.now);
    takeEarlySignals(this.state, this.now);
    return this;
  }

  /** One decision of the loop. */
  turn(): Decision {
    if (this.refreshed !== podWithSecrets(this.state)) abandonRefresh(this.state, this.now);
    trackDue(this.state, this.now);
    const decision = decide(this.state, this.now);
    this.act(decision);
    return decision;
  }

  /** Decides until the loop sleeps; returns until when, or null once the workspace is purged. */
  settle(): number | null {
    for (let decisions = 0; decisions < MAX_DECISIONS; decisions += 1) {
      if (this.state.phase === 'purged') return null;
      const decision = this.turn();
      if (decision.do === 'sleep') return decision.until;
    }
    throw new Error(`the loop never sleeps: ${JSON.stringify(decide(this.state, this.now))}`);
  }

  /** Lets time pass with a worker up: every sleep ends on time. */
  advanceTo(instant: number): this {
    for (;;) {
      const until = this.settle();
      if (until === null || until > instant) break;
      this.now = Math.max(this.now, until);
    }
    this.now = Math.max(this.now, instant);
    return this;
  }

  advance(ms: number): this {
    return this.advanceTo(this.now + ms);
  }

  private act(decision: Decision): void {
    const { state, now } = this;
    switch (decision.do) {
      case 'plan':
        return this.plan();
      case 'readPolicy':
        beginPolicyRead(state, now);
        return takePolicy(state, this.policy, now);
      case 'refreshSecrets':
        return this.refresh();
      case 'begin':
        return beginBuild(state, now);
      case 'build':
        return this.build();
      case 'clean':
        return podRemoved(state, state.podBuild, now);
      case 'lastLook':
        return takeLastLook(state, { offAt: decision.offAt, lastInputAt: this.lastInputAt }, now);
      case 'autoOff':
        return stopIdle(state, decision.offAt, now);
      case 'autoStart':
        return startBySchedule(state, decision.at);
      case 'renew':
        return renewWindow(state, decision.at);
      case 'endAnnouncement':
        return endAnnouncement(state);
      case 'skipDate':
        return skipDate(state, decision, now);
      case 'purge':
        return homePurged(state, now);
      case 'sleep':
        return;
    }
  }

  /** At once, or `refreshes` says how it ends: not yet, after a loss of the pod, or never. */
  private refresh(): void {
    const { state, now } = this;
    const build = podWithSecrets(state);
    if (build === null || this.injection === null) throw new Error('a refresh without a pod that has secrets');
    this.refreshed = build;
    beginRefresh(state, now);
    const outcome = this.refreshes.shift() ?? 'done';
    if (outcome === 'done') completeRefresh(state, build, this.injection, now);
    else if (outcome === 'interrupted') abandonRefresh(state, now);
    else if (outcome !== 'unanswered') failRefresh(state, build, { type: outcome }, now);
  }

  private plan(): void {
    const wanted = wantedPlan(this.state, this.now);
    if (wanted) takePlan(this.state, wanted.key, nextOccurrence(wanted.schedule, wanted.after), this.now);
  }

  /** One step, so that a test can act between two. */
  private build(): void {
    const { state } = this;
    const build = currentBuild(state);
    const step = build && nextStep(build);
    if (build && step && !build.failure) this.runStep({ state, build, step });
    const current = currentBuild(this.state);
    if (current) finishBuild(this.state, current, this.now);
  }

  private runStep(running: RunningStep): void {
    const { state, build, step } = running;
    if (!beginStep(running, this.now)) return void this.outcomes.shift();
    const isRaised = priorityRaised(build, step);
    const isHandedOver = this.meanwhile?.(step) === 'hand-over';
    const outcome = this.outcomes.shift() ?? 'done';
    this.now += STEP_TOOK_MS;
    const isInterrupted = state.ending !== null || isHandedOver || isRaised();
    const failure = this.failureOf(outcome);
    // The server retries a temporary failure, which the workflow never sees.
    const isRetried = failure !== null && !isInterrupted && !isFinal(failure.type);
    if (!failure || isRetried) return completeStep(running, this.successOf(running, outcome), this.now);
    failStep(running, failure, { isInterrupted: isInterrupted && !isFinal(failure.type), now: this.now });
    if (isHandedOver) this.handOver();
  }

  /** Ends the run: the next one has a copy of the state, and a refresh under way is dropped. */
  handOver(): void {
    abandonRefresh(this.state, this.now);
    this.state = migrate(JSON.parse(JSON.stringify(this.state)) as State);
  }

  /** What the activity of the step returns. */
  private successOf({ build, step }: RunningStep, outcome: StepOutcome): StepSuccess {
    const { text } = this;
    const many = (short: string[]) => (text === null ? short : Array.from({ length: 900 }, (_, index) => `${index}${text}`));
    const success: StepSuccess = { tookMs: STEP_TOOK_MS, attempt: 1 };
    if (step.name === 'admit') Object.assign(success, { policy: this.policy, injects: this.injection !== null });
    if (step.name === 'inject-secrets' && this.injection !== null) {
      success.injection = { ...this.injection, warnings: many(this.injection.warnings) };
    }
    if (step.name === 'prepare-home') success.home = { identity: 'volume-1' };
    if (step.name === 'start-pod') {
      success.pod = { digest: build.pinnedDigest ?? text ?? `sha256:${build.spec.image}`, warnings: many([]) };
    }
    const isHook = step.name === 'configure' || step.name === 'personalize';
    if (!isHook && outcome !== 'warning') return success;
    const lastLines = step.name === 'admit' ? [] : many(step.name === 'configure' ? ['hello from the hook'] : []);
    const warnings = outcome === 'warning' ? many([`${step.name}: the test said so`]) : [];
    return {
      ...success,
      hook: { state: outcome === 'warning' ? 'warning' : 'done', message: text, warnings, lastLines },
    };
  }

  private failureOf(outcome: StepOutcome): StepFailure | null {
    if (outcome === 'done' || outcome === 'warning') return null;
    const type = outcome === 'failed' ? 'ImageInvalid' : outcome;
    return { type, message: this.text ?? 'the test said so', details: { attempt: 1, tookMs: STEP_TOOK_MS } };
  }
}
