/**
 * Plays the workspace's loop without Temporal: asks `decide`, and does to the state what `src/workflows/act.ts` and `build.ts` do,
 * with a runtime that answers as the test says. Time moves only when told to.
 */
import { nextOccurrence } from '../../../src/activities/occurrences';
import type { Policy } from '../../../src/workflows/messages';
import { autoOffAt, autoOffThreshold, noteDue, noteLook, openWindow } from '../../../src/workflows/workspace/auto-off';
import { MISSED_AFTER_MS, useUpDate, wantedPlan } from '../../../src/workflows/workspace/auto-start';
import { type Decision, decide } from '../../../src/workflows/workspace/decide';
import { parseCreation } from '../../../src/workflows/workspace/inputs';
import { READING_MS, takePolicy } from '../../../src/workflows/workspace/policy-intake';
import { takeEarlySignals } from '../../../src/workflows/workspace/signals';
import { type BuildRecord, createState, currentBuild, type State, type StepRecord } from '../../../src/workflows/workspace/state';
import {
  beginBuild,
  enter,
  failBuild,
  finishBuild,
  queueBuild,
  settleEnding,
  turnOff,
} from '../../../src/workflows/workspace/transition';

export type StepOutcome = 'done' | 'warning' | 'failed';

const STEP_TOOK_MS = 1_000;
/** More turns than this without a sleep would be a loop that never rests. */
const MAX_TURNS = 2_000;

export class Simulator {
  state: State;
  now: number;
  /** The policy of the organization, as a reading would give it. */
  policy: Policy;
  /** How the next steps of builds end; `done` when there is no word for one. */
  outcomes: StepOutcome[] = [];
  /** What the last look finds. */
  lastInputAt: number | null = null;

  constructor(input: Record<string, unknown>, given: { policy: Policy; now: number }) {
    this.now = given.now;
    this.policy = given.policy;
    this.state = createState(parseCreation({ owner: 'ada', name: 'dev', image: 'starter:1', ...input }), 'home-1', given.now);
  }

  /** The policy is read for the first time, and what came before it is judged. */
  admit(): this {
    takePolicy(this.state, this.policy, this.now);
    takeEarlySignals(this.state, this.now);
    return this;
  }

  /** One turn of the loop. */
  turn(): Decision {
    noteDue(this.state, this.now);
    const decision = decide(this.state, this.now);
    this.act(decision);
    return decision;
  }

  /** Turns until the loop sleeps; answers until when, or null once the workspace is purged. */
  settle(): number | null {
    for (let turns = 0; turns < MAX_TURNS; turns += 1) {
      if (this.state.phase === 'purged') return null;
      const decision = this.turn();
      if (decision.do === 'sleep') return decision.until;
    }
    throw new Error(`the loop does not come to rest: ${JSON.stringify(decide(this.state, this.now))}`);
  }

  /** Lets time pass with a worker up: every sleep ends when it is over. */
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
        state.policyDueAt = now + READING_MS;
        return takePolicy(state, this.policy, now);
      case 'begin':
        return beginBuild(state, now);
      case 'build':
        return this.build();
      case 'clean':
        state.podBuild = null;
        return settleEnding(state, now);
      case 'look':
        return noteLook(state, { offAt: decision.offAt, lastInputAt: this.lastInputAt }, now);
      case 'autoOff':
        return this.autoOff(decision.offAt);
      case 'autoStart':
        return this.autoStart(decision.at);
      case 'renew':
        return this.renew(decision.at);
      case 'skipDate':
        state.schedule.skipped = { at: decision.at, because: decision.because };
        return useUpDate(state, Math.max(decision.at, now - MISSED_AFTER_MS));
      case 'purge':
        state.home = null;
        return enter(state, 'purged', { cause: 'purge', by: null, rule: 'retention', evidence: null }, now);
      case 'sleep':
        return;
    }
  }

  private plan(): void {
    const wanted = wantedPlan(this.state);
    if (!wanted) return;
    const occurrence = nextOccurrence(wanted.schedule, wanted.after);
    this.state.schedule.plan = { key: wanted.key, date: occurrence?.date ?? '', at: occurrence?.at ?? 0 };
  }

  private build(): void {
    const build = currentBuild(this.state);
    const step = build?.steps.find(({ state }) => state === 'waiting' || state === 'running');
    if (build && step && !build.failure) this.runStep(build, step);
    if (!build || this.state.ending || build.steps.some(({ state }) => state === 'waiting' || state === 'running')) return;
    finishBuild(this.state, build, this.now);
    openWindow(this.state, this.now);
  }

  private runStep(build: BuildRecord, step: StepRecord): void {
    const outcome = this.outcomes.shift() ?? 'done';
    step.startedAt = this.now;
    this.now += STEP_TOOK_MS;
    step.endedAt = this.now;
    step.attempt = 1;
    if (step.name === 'start-pod') this.state.podBuild = Math.max(this.state.podBuild ?? 0, build.number);
    if (outcome === 'failed') {
      step.state = 'failed';
      return failBuild(this.state, build, { type: 'RuntimeUnavailable', message: 'the test said so', step: step.name });
    }
    step.state = outcome === 'warning' ? 'warning' : 'done';
    if (outcome === 'warning') build.warnings.push(`${step.name}: the test said so`);
    if (step.name === 'admit') takePolicy(this.state, this.policy, this.now);
    if (step.name === 'prepare-home') this.state.home = { identity: 'volume-1', disk: build.spec.resources.disk };
    if (step.name === 'start-pod') build.digest = build.pinnedDigest ?? `sha256:${build.spec.image}`;
    if (step.name === 'configure') step.lastLines = ['hello from the hook'];
  }

  private autoOff(offAt: number): void {
    const threshold = autoOffThreshold(this.state);
    if (autoOffAt(this.state) !== offAt || !threshold) return;
    const rule = `autoOff.after ${threshold.after}`;
    turnOff(this.state, 'off', { cause: 'auto-off', by: 'inactivity', rule, evidence: null }, this.now);
  }

  private autoStart(at: number): void {
    queueBuild(this.state, { cause: 'auto-start', by: 'schedule', rule: 'autoStart', evidence: null });
    useUpDate(this.state, at);
    this.state.schedule.renewAt = at;
    this.state.schedule.skipped = null;
  }

  private renew(at: number): void {
    const { window, schedule } = this.state;
    window.startedAt = Math.max(window.startedAt, at);
    window.due = null;
    schedule.renewAt = null;
    useUpDate(this.state, at);
  }
}
