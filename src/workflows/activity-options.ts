/**
 * All options of activities: queue, timeouts, heartbeats, retries, and priority, each number with its reason. Activities retry,
 * workflows do not: a final failure is the activity's word that trying again changes nothing.
 */
import type { RetryPolicy } from '@temporalio/common';
import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from '../activities';
import { CARE_QUEUE, STARTS_QUEUE, TASK_QUEUE } from '../contract/names';

/** Short enough that a build goes on within seconds of its worker's death, long enough for a busy machine. */
const HEARTBEAT_TIMEOUT = '10s';

/** The server's pauses; a step's own activity chooses shorter ones near its deadline. */
const RETRY = { initialInterval: '1s', backoffCoefficient: 1.5, maximumInterval: '15s' } as const;

/**
 * A cancelled step says how much of the deadline it used, and only one build at a time may touch a workspace, so its end is awaited.
 * Written out, since the SDK's own default is to go on at once.
 */
const AWAIT_END = 'WAIT_CANCELLATION_COMPLETED';

/** The step's deadline ends it from within; this only bounds what a lost worker could leave open. */
const STEP_TIMEOUT = '25h';

/** What takes as long as the world does: steps of a build, stops, and clean-up. */
const LONG = {
  startToCloseTimeout: STEP_TIMEOUT,
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  cancellationType: AWAIT_END,
  retry: RETRY,
} as const;

/** Care before the hooks of builds, which hold a slot for minutes: lower numbers first, 3 being the server's default. */
const PRIORITY_CARE = 1;
/** People before schedules, and scheduled builds that are under way before ones to be begun. */
const PRIORITY_PERSON = 2;
const PRIORITY_UNDER_WAY = 3;
const PRIORITY_SCHEDULE = 4;

/** Reads and reports that touch no runtime. */
export const short = proxyActivities<Activities>({
  taskQueue: TASK_QUEUE,
  startToCloseTimeout: '10s',
  retry: RETRY,
});

/** Signals to the parts of an organization, dozens at once with some hundred kilobytes in all. */
export const passing = proxyActivities<Activities>({
  taskQueue: TASK_QUEUE,
  startToCloseTimeout: '60s',
  retry: RETRY,
});

/**
 * The first step of a build: short, but its deadline is the build's. A morning's builds queue here for the slots of pod starts, since
 * once begun each is a burden to the server, before which nobody's priority counts.
 */
export const admission = {
  byPerson: long(TASK_QUEUE, PRIORITY_PERSON),
  bySchedule: long(STARTS_QUEUE, PRIORITY_SCHEDULE),
};

/** Volumes and pod starts, behind a queue whose slots cap what hits the cluster at once. */
export const starts = {
  byPerson: long(STARTS_QUEUE, PRIORITY_PERSON),
  bySchedule: long(STARTS_QUEUE, PRIORITY_UNDER_WAY),
};

/** Waiting for a pod that was made: it takes none of the slots that make pods, and is behind all other care. */
export const waits = {
  byPerson: long(CARE_QUEUE, PRIORITY_PERSON),
  bySchedule: long(CARE_QUEUE, PRIORITY_UNDER_WAY),
};

/** Hooks: long, watched by heartbeats, never behind a start, and behind all other care. */
export const hooks = proxyActivities<Activities>({
  ...LONG,
  taskQueue: CARE_QUEUE,
});

/** Care besides clean-up: as long, never behind a hook, and retried until it is done. */
export const care = longCare(RETRY);

/**
 * Stops, and the removal of pods and homes. The first four attempts take about 5 s where they fail at once, and one that hangs is cut off
 * after a minute, twice what a pod takes to end: then the workspace is told what it waits for. 120 attempts are at least half an hour,
 * so that one that waits for weeks costs few events.
 */
export const cleanUps = {
  first: { proxy: longCare({ ...RETRY, maximumAttempts: 4 }), limitMs: 60_000 },
  later: { proxy: longCare({ ...RETRY, maximumAttempts: 120 }), limitMs: 1_800_000 },
};

/** The last look: soon answered or soon asked again, and dropped at once when somebody comes. */
export const look = proxyActivities<Activities>({
  taskQueue: CARE_QUEUE,
  startToCloseTimeout: '15s',
  cancellationType: 'TRY_CANCEL',
  retry: { initialInterval: '1s', backoffCoefficient: 1.5, maximumInterval: '10s' },
  priority: { priorityKey: PRIORITY_CARE },
});

/**
 * Zone arithmetic, kept out of workflow code: one marker in the history for each occurrence. It takes milliseconds; the limits are
 * for a worker that is starved, since while a local activity runs the loop and the answers of updates wait.
 */
export const local = proxyLocalActivities<Activities>({
  startToCloseTimeout: '4s',
  scheduleToCloseTimeout: '8s',
  cancellationType: 'TRY_CANCEL',
  retry: { initialInterval: '100ms', maximumInterval: '1s', maximumAttempts: 3, nonRetryableErrorTypes: ['InvalidRequest'] },
});

/** The watch runs for minutes at a time; its heartbeat tells a dead one soon. */
export const watching = proxyActivities<Activities>({
  taskQueue: CARE_QUEUE,
  startToCloseTimeout: '1h',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  cancellationType: 'TRY_CANCEL',
  retry: { initialInterval: '1s', backoffCoefficient: 1.5, maximumInterval: '5s' },
  priority: { priorityKey: PRIORITY_CARE },
});

function long(taskQueue: string, priorityKey: number) {
  return proxyActivities<Activities>({ ...LONG, taskQueue, priority: { priorityKey } });
}

function longCare(retry: RetryPolicy) {
  return proxyActivities<Activities>({ ...LONG, taskQueue: CARE_QUEUE, retry, priority: { priorityKey: PRIORITY_CARE } });
}
