/**
 * The contract's table of requests, and what each cell does. A request changes what is wanted and answers at once; the loop does
 * the work. Everything here is a function of the state given, the input, and the moment.
 */

import { durationMs } from '../../../contract/duration';
import type { Answer, DeleteAnswer, OwnSettings, WorkspacePhase } from '../../../contract/payloads';
import { parseBy, parseDelete, parseRebuild, parseStop } from '../../input/messages';
import { Refusal } from '../../input/refusal';
import { noteHandEnding, noteScheduleChange } from './auto-start';
import { checkDisk, checkOwn, isEqualSpec, specOrNull, wantedImage, wantedResources, wantedSpec } from './build-spec';
import { currentBuild, newestBuild, type State } from './state';
import { enter, queueBuild, type Reason, turnOff } from './transition';

export type RequestName = 'start' | 'rebuild' | 'stop' | 'cancelBuild' | 'delete' | 'restore';
type Cell =
  | 'build'
  | 'merge'
  | 'replace'
  | 'queue'
  | 'already'
  | 'refuse'
  | 'turnOff'
  | 'takeBack'
  | 'enterOff'
  | 'enterDeleted'
  | 'redirect'
  | 'hasten';

/** One row for each request, one column for each state; `deleting` is `turning-off` on the way to `deleted`. */
export const REQUESTS: Record<RequestName, Record<Column, Cell>> = {
  start: {
    off: 'build',
    building: 'merge',
    running: 'already',
    'turning-off': 'queue',
    error: 'build',
    deleting: 'refuse',
    deleted: 'refuse',
  },
  rebuild: {
    off: 'build',
    building: 'replace',
    running: 'build',
    'turning-off': 'queue',
    error: 'build',
    deleting: 'refuse',
    deleted: 'refuse',
  },
  stop: {
    off: 'already',
    building: 'turnOff',
    running: 'turnOff',
    'turning-off': 'takeBack',
    error: 'enterOff',
    deleting: 'refuse',
    deleted: 'refuse',
  },
  cancelBuild: {
    off: 'already',
    building: 'turnOff',
    running: 'already',
    'turning-off': 'already',
    error: 'already',
    deleting: 'already',
    deleted: 'already',
  },
  delete: {
    off: 'enterDeleted',
    building: 'turnOff',
    running: 'turnOff',
    'turning-off': 'redirect',
    error: 'enterDeleted',
    deleting: 'hasten',
    deleted: 'hasten',
  },
  restore: {
    off: 'already',
    building: 'already',
    running: 'already',
    'turning-off': 'already',
    error: 'already',
    deleting: 'redirect',
    deleted: 'enterOff',
  },
};

export type Column = Exclude<WorkspacePhase, 'purged'> | 'deleting';

/** The column of the table that holds now. */
export function columnOf(state: State): Column {
  if (state.phase === 'purged') return 'deleted';
  return state.phase === 'turning-off' && state.ending?.to === 'deleted' ? 'deleting' : state.phase;
}

/** Takes a request for a build; throws a Refusal and changes nothing when the table, the policy, or the input is against it. */
export function requestBuild(state: State, name: 'start' | 'rebuild', input: unknown, now: number): Answer {
  const cell = REQUESTS[name][columnOf(state)];
  const { by, reason, change } = name === 'start' ? { ...parseBy(input), reason: null, change: {} } : parseRebuild(input);
  if (cell === 'refuse') throw notAllowed(state, name);
  if (cell === 'already') return answer(state, 'already', newestBuild(state)?.number ?? null);
  const own = applyChange(state, change);
  const because: Reason = { cause: name === 'start' ? 'manual-start' : 'manual-rebuild', by, rule: null, evidence: reason };
  if (cell !== 'merge') checkAgainstPolicy(state, own, change);
  const merged = mergeTarget(state, cell, own);
  state.byHandAt = now;
  if (merged !== null) {
    hasten(state, merged);
    return answer(state, 'merged', merged);
  }
  state.own = own;
  const number = queueBuild(state, because);
  if (cell === 'replace' && currentBuild(state) && !state.ending) {
    const evidence = `superseded by ${name} for build ${number}${by ? ` of ${by}` : ''}${reason ? `: ${reason}` : ''}`;
    state.ending = { to: 'build', cause: 'build-cancelled', by, rule: null, evidence };
  }
  if (cell === 'build') enter(state, 'building', because, now);
  return answer(state, 'accepted', number);
}

/** Takes a stop or the cancel of a build. */
export function requestStop(state: State, name: 'stop' | 'cancelBuild', input: unknown, now: number): Answer {
  const cell = REQUESTS[name][columnOf(state)];
  const { by, reason } = name === 'stop' ? parseStop(input) : { ...parseBy(input), reason: null };
  if (cell === 'refuse') throw notAllowed(state, name);
  const build = name === 'cancelBuild' ? (currentBuild(state)?.number ?? state.next?.number ?? null) : null;
  // Also where nothing runs: a start that waits, or one that the schedule is about to make, is not wanted any more.
  if (name === 'stop' || state.phase === 'building' || state.phase === 'off') {
    noteHandEnding(state, now);
    state.next = null;
  }
  if (cell === 'already') return answer(state, 'already', null);
  if (cell === 'takeBack') return answer(state, 'merged', null);
  const because: Reason = { cause: name === 'stop' ? 'manual-stop' : 'build-cancelled', by, rule: null, evidence: reason };
  if (cell === 'turnOff') turnOff(state, 'off', because, now);
  if (cell === 'enterOff') enter(state, 'off', because, now);
  return answer(state, 'accepted', build);
}

/** Takes a delete: the home is kept until `purgeAt`. */
export function requestDelete(state: State, input: unknown, now: number, evidence: string | null = null): DeleteAnswer {
  const cell = REQUESTS.delete[columnOf(state)];
  const { by, purge } = parseDelete(input);
  const because: Reason = { cause: 'delete', by, rule: null, evidence };
  if (cell === 'hasten' && !purge) return deleteAnswer(state, 'already');
  state.next = null;
  state.purgeAt = purge ? now : now + durationMs(state.policy?.retention ?? '7d');
  if (cell === 'turnOff') turnOff(state, 'deleted', because, now);
  if (cell === 'redirect') state.ending = { to: 'deleted', ...because };
  if (cell === 'enterDeleted') enter(state, 'deleted', because, now);
  return deleteAnswer(state, 'accepted');
}

/** Takes a restore of a deleted workspace, or of one on its way there. */
export function requestRestore(state: State, input: unknown, now: number): Answer {
  const cell = REQUESTS.restore[columnOf(state)];
  const because: Reason = { cause: 'restore', by: parseBy(input).by, rule: null, evidence: null };
  if (cell === 'already') return answer(state, 'already', null);
  if (cell === 'enterOff' && state.purgeAt !== null && state.purgeAt <= now) {
    throw new Refusal(
      'NotAllowed',
      `restore: expected a moment before ${new Date(state.purgeAt).toISOString()}; the home is being purged`,
    );
  }
  state.purgeAt = null;
  if (cell === 'redirect') state.ending = { to: 'off', ...because };
  if (cell === 'enterOff') {
    enter(state, 'off', because, now);
    noteScheduleChange(state, now);
  }
  return answer(state, 'accepted', null);
}

/** Own settings with a rebuild's or configure's change: `env` replaces whole, `resources` field by field. */
export function applyChange(state: State, change: Partial<OwnSettings>): OwnSettings {
  return { ...state.own, ...change, resources: { ...state.own.resources, ...change.resources } };
}

/** Refuses what the next build could not be made of, and a change that does not fit the home. */
export function checkAgainstPolicy(state: State, own: OwnSettings, change: Partial<OwnSettings>): void {
  if (change.resources) checkDisk(state, change.resources);
  if (state.policy) wantedSpec(state, own, state.policy);
}

/** Refuses the fields that a change names where they do not fit the policy or the home; of the others it says nothing. */
export function checkNamed(state: State, own: OwnSettings, change: Partial<OwnSettings>): void {
  const { policy } = state;
  if (change.resources) checkDisk(state, change.resources);
  if (!policy) return;
  if (change.autoOff) checkOwn(own, policy);
  if (change.image !== undefined) wantedImage(own.image, policy);
  if (change.resources) wantedResources(state, own, policy, Object.keys(change.resources));
}

/** The number of the build that serves this request as well as its own; null when it needs another. */
function mergeTarget(state: State, cell: Cell, own: OwnSettings): number | null {
  if (cell === 'build' || !state.policy) return null;
  if (state.next) return cell === 'merge' || isSameWish(state, own) ? state.next.number : null;
  const current = currentBuild(state);
  if (!current || state.ending) return null;
  if (cell === 'merge') return current.number;
  return isEqualSpec(current.spec, wantedSpec(state, own, state.policy)) ? current.number : null;
}

/** Somebody who asks for what the schedule has begun waits for it as for a start by hand. */
function hasten(state: State, number: number): void {
  const build = currentBuild(state);
  if (build?.number === number && build.cause === 'auto-start') build.isHastened = true;
}

/** Settings that the policy has come to refuse are nobody's wish any more. */
function isSameWish(state: State, own: OwnSettings): boolean {
  const wanted = specOrNull(state, own);
  const waiting = specOrNull(state, state.own);
  return wanted !== null && waiting !== null && isEqualSpec(wanted, waiting);
}

function notAllowed(state: State, name: RequestName): Refusal {
  const until = state.purgeAt === null ? '' : ` until ${new Date(state.purgeAt).toISOString()}`;
  return new Refusal(
    'NotAllowed',
    `${name}: expected a workspace that is not deleted; this one is ${state.phase} and can be restored${until}`,
  );
}

function answer(state: State, outcome: Answer['outcome'], build: number | null): Answer {
  return { outcome, state: state.phase, build };
}

function deleteAnswer(state: State, outcome: DeleteAnswer['outcome']): DeleteAnswer {
  return { outcome, state: state.phase, purgeAt: state.purgeAt === null ? null : new Date(state.purgeAt).toISOString() };
}
