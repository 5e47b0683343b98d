/** The rows of the failure matrix: the fault, the point, and the result. */
import type { WorkspaceHandle } from '../../../src/client';
import type { FailureType } from '../../../src/contract/failure-types';
import { type Fault, type FaultPoint, failureOf, STEPS, type Step } from './fault-injection';
import { createGate } from './temporal-env';

export const FAULT_POINTS: FaultPoint[] = [...STEPS, 'stop', 'purge'];

/** Faults that end a build immediately. */
export const FINAL: [Step, FailureType][] = [
  ['admit', 'NotFound'],
  ['prepare-home', 'HomeMissing'],
  ['prepare-home', 'NotAllowed'],
  ['start-pod', 'ImageNotFound'],
  ['start-pod', 'ImageInvalid'],
  ['start-pod', 'HomeMissing'],
  ['inject-secrets', 'NotAllowed'],
];

/** Faults that are retried. */
export const TEMPORARY: [FaultPoint, FailureType][] = [
  ...FAULT_POINTS.map((point): [FaultPoint, FailureType] => [point, 'RuntimeUnavailable']),
  ['prepare-home', 'NoCapacity'],
  ['start-pod', 'HomeBusy'],
  ['purge', 'HomeBusy'],
];

/** Requests that end a build, and the entries of the history that docs/messages.md gives. */
export const ENDINGS: [string, (workspace: WorkspaceHandle) => Promise<unknown>, string[]][] = [
  ['cancelBuild', (it) => it.cancelBuild(), ['building→turning-off build-cancelled', 'turning-off→off build-cancelled']],
  ['stop', (it) => it.stop(), ['building→turning-off manual-stop', 'turning-off→off manual-stop']],
  ['delete', (it) => it.delete(), ['building→turning-off delete', 'turning-off→deleted delete']],
  [
    'newer rebuild',
    (it) => it.rebuild({ image: 'starter:2' }),
    ['building→off build-cancelled', 'off→building manual-rebuild', 'building→running build-finished'],
  ],
];

/** Faults that use up the deadline, and what the failure says it waited for. */
export const LATE: [string, FaultPoint, Fault, RegExp][] = [
  ['unavailable', 'start-pod', { fail: () => failureOf('RuntimeUnavailable') }, /another attempt after RuntimeUnavailable/],
  ['held-up', 'start-pod', { hold: () => createGate().opened }, /what holds startPod up/],
];

/** The answer of the hook's poll (empty: the runtime fails), and the resulting warning. */
export const BAD_HOOKS: [string, string, RegExp][] = [
  ['fails', 'state ended\nexit 3\nran 5\n', /^configure ended with exit code 3$/],
  ['runs past its time limit', 'state ended\nexit 143\nran 100\nreport limit\n', /^configure ran past its time limit of 10m/],
  ['fails finally', '', /configure: NotAllowed/],
  ['is out of reach', '', /configure: the build's deadline/],
];
