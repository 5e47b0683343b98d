/**
 * All options of activities: queue, timeouts, heartbeats, retries, and priority, each number with its reason. Activities are retried,
 * workflows are not: an activity fails with a final failure when a retry would change nothing.
 */
import type { RetryPolicy } from '@temporalio/common';
import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from '../activities';
import { CARE_QUEUE, STARTS_QUEUE, TASK_QUEUE } from '../contract/names';

/** Short enough that a build continues within seconds of its worker's death, long enough for a busy machine. */
const HEARTBEAT_TIMEOUT = '10s';

/** The server's pauses between attempts; the activity of a step sets shorter ones near the build's deadline. */
const RETRY = { initialInterval: '1s', backoffCoefficient: 1.5, maximumInterval: '15s' } as const;

/**
 * A cancelled step reports how much of the deadline it used, and only one build at a time may touch a workspace, so the workflow waits
 * for its end. The SDK's default does not wait.
 */
const AWAIT_END = 'WAIT_CANCELLATION_COMPLETED';

/** The activity itself ends at the build's deadline; this bounds an attempt whose worker was lost. */
const STEP_TIMEOUT = '25h';

/** Steps of a build, stops, and clean-up, which take as long as the runtime needs. */
const LONG = {
  startToCloseTimeout: STEP_TIMEOUT,
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  cancellationType: AWAIT_END,
  retry: RETRY,
} as const;

/** Lower numbers first; the server's default is 3. Care goes before the hooks of builds, which hold a slot for minutes. */
const PRIORITY_CARE = 1;
/** People before schedules, and begun scheduled builds before queued ones. */
const PRIORITY_PERSON = 2;
const PRIORITY_BEGUN = 3;
const PRIORITY_SCHEDULE = 4;

/** Reads and reports that touch no runtime. */
export const shortActivities = proxyActivities<Activities>({
  taskQueue: TASK_QUEUE,
  startToCloseTimeout: '10s',
  retry: RETRY,
});

/** Signals to the partitions of an organization: dozens in one activity, some hundred kilobytes in all. */
export const partitionActivities = proxyActivities<Activities>({
  taskQueue: TASK_QUEUE,
  startToCloseTimeout: '60s',
  retry: RETRY,
});

/**
 * The check of an owner's ledger: a description of each workspace, and lists of workspaces and homes. Builds of the owner may wait for it,
 * so its attempts are few; the workflow tries again later. Thousands of workspaces take a busy worker minutes, and an attempt that is
 * ended too early would begin again at the first.
 */
export const checkActivities = proxyActivities<Activities>({
  taskQueue: CARE_QUEUE,
  startToCloseTimeout: '15m',
  scheduleToCloseTimeout: '20m',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: { ...RETRY, maximumAttempts: 4 },
  priority: { priorityKey: PRIORITY_CARE },
});

/**
 * The first step of a build: short, but its deadline is the build's. Scheduled builds queue here for a start slot. Once begun, each
 * loads the server, where priorities have no effect.
 */
export const admitActivities = {
  byPerson: long(TASK_QUEUE, PRIORITY_PERSON),
  bySchedule: long(STARTS_QUEUE, PRIORITY_SCHEDULE),
};

/** Volumes and pod starts, in a queue whose slots cap the load on the cluster. */
export const startActivities = {
  byPerson: long(STARTS_QUEUE, PRIORITY_PERSON),
  bySchedule: long(STARTS_QUEUE, PRIORITY_BEGUN),
};

/** The wait for a created pod: it uses no start slot, and goes behind all other care. */
export const podWaitActivities = {
  byPerson: long(CARE_QUEUE, PRIORITY_PERSON),
  bySchedule: long(CARE_QUEUE, PRIORITY_BEGUN),
};

/** The injection of secrets into a new pod: short, retried until the build's deadline, and never behind hooks. */
export const injectActivities = podWaitActivities;

/**
 * The refresh of a running pod's secrets, in the background. Retried until it is done, so that a change arrives within seconds of the
 * store's return; cancelled as soon as its pod is replaced. An attempt takes two calls of some seconds at most.
 */
export const refreshActivities = proxyActivities<Activities>({
  taskQueue: CARE_QUEUE,
  startToCloseTimeout: '2m',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  cancellationType: 'TRY_CANCEL',
  retry: { initialInterval: '1s', backoffCoefficient: 1.5, maximumInterval: '10s' },
  priority: { priorityKey: PRIORITY_CARE },
});

/** Hooks: long, with heartbeats, never behind a start, and behind all other care. */
export const hookActivities = proxyActivities<Activities>({
  ...LONG,
  taskQueue: CARE_QUEUE,
});

/** The push of a policy: long, never behind a hook, and retried until it is done. */
export const pushActivities = longCare(RETRY);

/**
 * Stops, and the removal of pods and homes. Four attempts that fail immediately take about 5 s; a hanging attempt fails after a minute,
 * twice the time that a pod takes to end. The workspace then shows what it waits for. The next rounds have 120 attempts, at least half
 * an hour, so that a wait of weeks costs few events. `limitMs` bounds one attempt.
 */
export const cleanUpActivities = {
  first: { proxy: longCare({ ...RETRY, maximumAttempts: 4 }), limitMs: 60_000 },
  later: { proxy: longCare({ ...RETRY, maximumAttempts: 120 }), limitMs: 1_800_000 },
};

/** The last look: answered or retried within seconds, and cancelled immediately by an access. */
export const lastLookActivities = proxyActivities<Activities>({
  taskQueue: CARE_QUEUE,
  startToCloseTimeout: '15s',
  cancellationType: 'TRY_CANCEL',
  retry: { initialInterval: '1s', backoffCoefficient: 1.5, maximumInterval: '10s' },
  priority: { priorityKey: PRIORITY_CARE },
});

/**
 * Zone arithmetic, kept out of workflow code: one marker in the history for each occurrence. It takes milliseconds. The limits are for
 * a starved worker, since the loop and the answers of updates wait for a local activity.
 */
export const localActivities = proxyLocalActivities<Activities>({
  startToCloseTimeout: '4s',
  scheduleToCloseTimeout: '8s',
  cancellationType: 'TRY_CANCEL',
  retry: { initialInterval: '100ms', maximumInterval: '1s', maximumAttempts: 3, nonRetryableErrorTypes: ['InvalidRequest'] },
});

/** Requests of a campaign to some hundred workspaces: seconds, or minutes where some do not answer. No runtime is touched. */
export const campaignActivities = proxyActivities<Activities>({
  taskQueue: TASK_QUEUE,
  startToCloseTimeout: '10m',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: RETRY,
});

/** A campaign's wait for rebuilds, one activity for all of them, and its warnings of terminals. */
export const campaignCareActivities = proxyActivities<Activities>({
  taskQueue: CARE_QUEUE,
  startToCloseTimeout: '15m',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  cancellationType: 'TRY_CANCEL',
  retry: RETRY,
  priority: { priorityKey: PRIORITY_CARE },
});

/** The watch: runs for minutes, and its heartbeats detect a lost worker within seconds. */
export const watchActivities = proxyActivities<Activities>({
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
