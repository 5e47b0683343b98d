import { ActivityFailure, ApplicationFailure, CancelledFailure, RetryState, TimeoutFailure } from '@temporalio/common';
import { failureOf } from '../../../src/workflows/sdk/activity-failure';

const ended = (cause: Error) =>
  new ActivityFailure('it ended', 'startPod', '7', RetryState.RETRY_POLICY_NOT_SET, 'worker', cause);
const details = { tookMs: 1_500, attempt: 2, counted: false };

test.each([
  ['a failure of the closed list', new ApplicationFailure('evicted', 'PodLost', true, [details]), { type: 'PodLost', details }],
  ['an untyped failure', new ApplicationFailure('oops'), { type: 'RuntimeUnavailable', details: {} }],
  ['a cancellation', new CancelledFailure('no longer observed', [details]), { type: 'RuntimeUnavailable', details }],
  [
    'a worker that was lost',
    new TimeoutFailure('heartbeat', { waitingFor: 'a node', usedMs: 9_000 }, 'HEARTBEAT'),
    { type: 'RuntimeUnavailable', details: { tookMs: 9_000 } },
  ],
  [
    'a worker lost before its first heartbeat',
    new TimeoutFailure('heartbeat', undefined, 'HEARTBEAT'),
    { details: { tookMs: 0 } },
  ],
])('Of %s the rules learn type, message, and what it used of the deadline.', (_, cause, expected) => {
  expect(failureOf(ended(cause))).toMatchObject({ message: cause.message, ...expected });
});
