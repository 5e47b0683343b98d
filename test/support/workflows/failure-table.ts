/** The rows of the failure matrix: which trouble, where, and what comes of it. */
import type { WorkspaceHandle } from '../../../src/client';
import type { FailureType } from '../../../src/contract/failure-types';
import { failureOf, type Place, STEPS, type Step, type Trouble } from './fault-injection';
import { createGate } from './temporal-env';

export const PLACES: Place[] = [...STEPS, 'stop', 'purge'];

/** Faults that end a build at once. */
export const FINAL: [Step, FailureType][] = [
  ['admit', 'NotFound'],
  ['prepare-home', 'HomeMissing'],
  ['prepare-home', 'NotAllowed'],
  ['start-pod', 'ImageNotFound'],
  ['start-pod', 'ImageInvalid'],
  ['start-pod', 'HomeMissing'],
];

/** Faults that the next attempt may find mended. */
export const TEMPORARY: [Place, FailureType][] = [
  ...PLACES.map((place): [Place, FailureType] => [place, 'RuntimeUnavailable']),
  ['prepare-home', 'NoCapacity'],
  ['start-pod', 'HomeBusy'],
  ['purge', 'HomeBusy'],
];

/** What ends a build from outside, and the entries of the history that the contract gives it. */
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

/** What uses up the deadline, and what the failure then says it waited for. */
export const LATE: [string, Place, Trouble, RegExp][] = [
  ['unavailable', 'start-pod', { fail: () => failureOf('RuntimeUnavailable') }, /another attempt after RuntimeUnavailable/],
  ['held-up', 'start-pod', { hold: () => createGate().opened }, /what holds startPod up/],
];

/** What a visit to the hook answers (nothing: the runtime fails), and the warning that comes of it. */
export const BAD_HOOKS: [string, string, RegExp][] = [
  ['fails', 'state ended\nexit 3\nran 5\n', /^configure ended with exit code 3$/],
  ['runs past its time limit', 'state ended\nexit 143\nran 100\nreport limit\n', /^configure ran past its time limit of 10m/],
  ['fails finally', '', /configure: NotAllowed/],
  ['is out of reach', '', /configure: the build's deadline/],
];
