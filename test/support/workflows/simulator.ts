/**
 * Plays the workspace's loop without Temporal: asks `decide`, and does to the state what `src/workflows/workspace/actions.ts` and `build.ts` do,
 * with a runtime that answers as the test says. Time moves only when told to.
 */
import { nextOccurrence } from '../../../src/activities/occurrences';
import type { FailureType } from '../../../src/contract/failure-types';
import type { Policy } from '../../../src/contract/policy';
import { parseCreation } from '../../../src/workflows/input/messages';
import { Refusal } from '../../../src/workflows/input/refusal';
import { autoOffAt, autoOffThreshold, noteDue, noteLook, openWindow } from '../../../src/workflows/workspace/rules/auto-off';
import { MISSED_AFTER_MS, notePlan, useUpDate, wantedPlan } from '../../../src/workflows/workspace/rules/auto-start';
import {
  beginStep,
  isFinal,
  nextStep,
  noteAdmitted,
  noteDone,
  noteFailure,
  noteHome,
  notePod,
  type StepFailure,
} from '../../../src/workflows/workspace/rules/build-steps';
import { type Decision, decide } from '../../../src/workflows/workspace/rules/decide';
import { migrate } from '../../../src/workflows/workspace/rules/migrate';
import { noteReading, takePolicy } from '../../../src/workflows/workspace/rules/policy-update';
import { takeEarlySignals } from '../../../src/workflows/workspace/rules/signals';
import {
  type BuildRecord,
  createState,
  currentBuild,
  type State,
  type StepRecord,
} from '../../../src/workflows/workspace/rules/state';
import {
  beginBuild,
  enter,
  finishBuild,
  queueBuild,
  settleEnding,
  turnOff,
} from '../../../src/workflows/workspace/rules/transition';

/** How a step ends: well, with a warning, with `ImageInvalid`, or with a failure of the type given. */
export type StepOutcome = 'done' | 'warning' | 'failed' | FailureType;

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
  /** What happens in the middle of each step; a `hand-over` ends the run there, so that the step is no longer observed. */
  meanwhile: ((step: StepRecord) => 'hand-over' | undefined) | null = null;
  /** What pods, images, and failures say, as often as they like; some words of ours by default. */
  text: string | null = null;
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
        noteReading(state, now);
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
    const wanted = wantedPlan(this.state, this.now);
    if (wanted) notePlan(this.state, wanted.key, nextOccurrence(wanted.schedule, wanted.after), this.now);
  }

  private build(): void {
    const begun = currentBuild(this.state);
    const step = begun && nextStep(begun);
    if (begun && step && !begun.failure) this.runStep(begun, step);
    const build = currentBuild(this.state);
    if (!build || this.state.ending || build.failure || nextStep(build)) return;
    finishBuild(this.state, build, this.now);
    openWindow(this.state, this.now);
  }

  private runStep(build: BuildRecord, step: StepRecord): void {
    const { state } = this;
    beginStep(step, this.now);
    if (step.name === 'prepare-home' && !state.adopt) state.homeMayExist = true;
    if (step.name === 'start-pod') state.podBuild = Math.max(state.podBuild ?? 0, build.number);
    const wasHastened = build.isHastened === true;
    const isHandedOver = this.meanwhile?.(step) === 'hand-over';
    const end = this.outcomes.shift() ?? 'done';
    const isHastened = step.name === 'admit' && !wasHastened && build.isHastened === true;
    this.now += STEP_TOOK_MS;
    const failure = this.failureOf(end);
    if (!failure) return this.noteDone(build, step, end === 'warning' ? 'warning' : 'done');
    const isInterrupted = state.ending !== null || isHandedOver || isHastened;
    // What is neither final nor interrupted is tried again by the server, without a word to the workflow.
    if (!isInterrupted && !isFinal(failure.type)) return this.noteDone(build, step, 'done');
    noteFailure({ state, build, step }, failure, { isInterrupted: isInterrupted && !isFinal(failure.type), now: this.now });
    if (isHandedOver) this.state = migrate(JSON.parse(JSON.stringify(state)) as State);
  }

  private noteDone(build: BuildRecord, step: StepRecord, ended: 'done' | 'warning'): void {
    const { state, now, text } = this;
    const many = (own: string[]) => (text === null ? own : Array.from({ length: 900 }, (_, index) => `${index}${text}`));
    const warnings = ended === 'warning' ? many([`${step.name}: the test said so`]) : [];
    const lastLines = step.name === 'admit' ? [] : many(step.name === 'configure' ? ['hello from the hook'] : []);
    if (step.name === 'admit') {
      const refusal = refusedBy(() => noteAdmitted(state, build, this.policy, now));
      if (refusal) return noteFailure({ state, build, step }, refusal, { isInterrupted: false, now });
    }
    if (step.name === 'prepare-home') noteHome(state, build, { identity: 'volume-1' });
    if (step.name === 'start-pod') {
      notePod(build, { digest: build.pinnedDigest ?? text ?? `sha256:${build.spec.image}`, warnings: many([]) });
    }
    const isHook = step.name === 'configure' || step.name === 'personalize';
    const hook = { state: ended, message: text, warnings, lastLines };
    noteDone(build, step, { tookMs: STEP_TOOK_MS, attempt: 1, ...(isHook || ended === 'warning' ? { hook } : {}) }, now);
  }

  private failureOf(end: StepOutcome): StepFailure | null {
    if (end === 'done' || end === 'warning') return null;
    const type = end === 'failed' ? 'ImageInvalid' : end;
    return { type, message: this.text ?? 'the test said so', details: { attempt: 1, tookMs: STEP_TOOK_MS } };
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

function refusedBy(work: () => void): StepFailure | null {
  try {
    work();
    return null;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { type: error.type, message: error.message, details: {} };
  }
}
