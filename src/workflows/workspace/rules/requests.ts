/**
 * Implements docs/messages.md, "States and requests": the table of requests, and what each cell does. A request changes what is wanted
 * and answers without waiting for the work, which the loop does.
 */
import { durationMs } from '../../../contract/duration';
import type { Answer, DeleteAnswer, WorkspacePhase } from '../../../contract/payloads';
import type { OwnSettings } from '../../../contract/settings';
import { parseBy, parseDelete, parseRebuild, parseStop } from '../../input/messages';
import { Refusal } from '../../input/refusal';
import { resolveImage } from '../../organization/rules/images';
import { noteStopByHand, rescheduleFrom } from './auto-start';
import { checkDisk, checkOwn, isEqualSpec, nextSpec, wantedResources, wantedSpec } from './build-spec';
import { iso, isoOrNull } from './instant';
import { refuseSuspended } from './policy/suspension';
import { type BuildSpec, currentBuild, newestBuild, type State } from './state';
import { enter, queueBuild, type Reason, turnOff } from './transition';

/** A row of the table. */
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
  | 'purgeNow';

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
    deleting: 'purgeNow',
    deleted: 'purgeNow',
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

/** A column of the table; `deleting` is `turning-off` on the way to `deleted`. */
export type Column = Exclude<WorkspacePhase, 'purged'> | 'deleting';

/** The column of the table for the present state. */
export function columnOf(state: State): Column {
  if (state.phase === 'purged') return 'deleted';
  return state.phase === 'turning-off' && state.ending?.to === 'deleted' ? 'deleting' : state.phase;
}

/** Takes a request for a build. Throws a Refusal and changes nothing when the table, the policy, or the input does not allow it. */
export function requestBuild(state: State, name: 'start' | 'rebuild', input: unknown, now: number): Answer {
  const cell = REQUESTS[name][columnOf(state)];
  const { by, reason, change } = name === 'start' ? { ...parseBy(input), reason: null, change: {} } : parseRebuild(input);
  if (cell === 'refuse') throw notAllowed(state, name);
  refuseSuspended(state, state.policy, name);
  if (cell === 'already') return answer(state, 'already', newestBuild(state)?.number ?? null);
  const own = applyChange(state, change);
  const because: Reason = { cause: name === 'start' ? 'manual-start' : 'manual-rebuild', by, rule: null, evidence: reason };
  const wanted = cell === 'merge' ? null : resolve(state, own, change);
  const merged = mergeTarget(state, cell, wanted);
  state.byHandAt = now;
  if (merged !== null) {
    raisePriority(state, merged);
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
  // Also when nothing runs: a stop takes back a queued start, and a scheduled start that is about to begin.
  if (name === 'stop' || state.phase === 'building' || state.phase === 'off') {
    noteStopByHand(state, now);
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
  if (cell === 'purgeNow' && !purge) return deleteAnswer(state, 'already');
  state.next = null;
  state.purgeAt = purge ? now : now + durationMs(state.policy?.retention ?? '7d');
  if (cell === 'turnOff') turnOff(state, 'deleted', because, now);
  if (cell === 'redirect') state.ending = { to: 'deleted', ...because };
  if (cell === 'enterDeleted') enter(state, 'deleted', because, now);
  return deleteAnswer(state, 'accepted');
}

/** Takes a restore of a workspace that is deleted or is being deleted. */
export function requestRestore(state: State, input: unknown, now: number): Answer {
  const cell = REQUESTS.restore[columnOf(state)];
  const because: Reason = { cause: 'restore', by: parseBy(input).by, rule: null, evidence: null };
  if (cell === 'already') return answer(state, 'already', null);
  if (cell === 'enterOff' && state.purgeAt !== null && state.purgeAt <= now) {
    throw new Refusal('NotAllowed', `restore: expected a moment before ${iso(state.purgeAt)}; the home is being purged`);
  }
  state.purgeAt = null;
  if (cell === 'redirect') state.ending = { to: 'off', ...because };
  if (cell === 'enterOff') {
    enter(state, 'off', because, now);
    rescheduleFrom(state, now);
  }
  return answer(state, 'accepted', null);
}

/** The workspace's settings with the change of a rebuild or configure: `env` is replaced whole, `resources` field by field. */
export function applyChange(state: State, change: Partial<OwnSettings>): OwnSettings {
  return { ...state.own, ...change, resources: { ...state.own.resources, ...change.resources } };
}

/** Checks only the fields that a change names. Throws a Refusal for a field that does not fit the policy or the home. */
export function checkNamed(state: State, own: OwnSettings, change: Partial<OwnSettings>): void {
  const { policy } = state;
  if (change.resources) checkDisk(state, change.resources);
  if (!policy) return;
  if (change.autoOff) checkOwn(own, policy);
  if (change.image !== undefined) resolveImage(own.image, policy);
  if (change.resources) wantedResources(state, own, policy, Object.keys(change.resources));
}

/** The specification that the request asks for; null until the policy is first read. Throws a Refusal when it cannot be built. */
function resolve(state: State, own: OwnSettings, change: Partial<OwnSettings>): BuildSpec | null {
  if (change.resources) checkDisk(state, change.resources);
  return state.policy && wantedSpec(state, own, state.policy);
}

/** The number of the queued or current build that serves this request too; null when the request needs a build of its own. */
function mergeTarget(state: State, cell: Cell, wanted: BuildSpec | null): number | null {
  if (cell === 'build' || !state.policy) return null;
  if (state.next) return cell === 'merge' || isQueued(state, wanted) ? state.next.number : null;
  const current = currentBuild(state);
  if (!current || state.ending) return null;
  if (cell === 'merge') return current.number;
  return wanted && isEqualSpec(current.spec, wanted) ? current.number : null;
}

/** A person who asks for a build that the schedule began gets the priority of a person. */
function raisePriority(state: State, number: number): void {
  const build = currentBuild(state);
  if (build?.number === number && build.cause === 'auto-start') build.isHastened = true;
}

/** Whether the queued build is of this specification. The policy may refuse the settings of a queued build by now. */
function isQueued(state: State, wanted: BuildSpec | null): boolean {
  const queued = nextSpec(state);
  return wanted !== null && queued !== null && isEqualSpec(wanted, queued);
}

function notAllowed(state: State, name: RequestName): Refusal {
  const until = state.purgeAt === null ? '' : ` until ${iso(state.purgeAt)}`;
  return new Refusal(
    'NotAllowed',
    `${name}: expected a workspace that is not deleted; this one is ${state.phase} and can be restored${until}`,
  );
}

function answer(state: State, outcome: Answer['outcome'], build: number | null): Answer {
  return { outcome, state: state.phase, build };
}

function deleteAnswer(state: State, outcome: DeleteAnswer['outcome']): DeleteAnswer {
  return { outcome, state: state.phase, purgeAt: isoOrNull(state.purgeAt) };
}
