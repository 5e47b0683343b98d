/**
 * One task may bring ten thousand signals, which take seconds on a busy machine; at the SDK's limit of 5 s the workspace would hang. The
 * type of @temporalio/worker 1.24.0 lacks this option.
 */
export const TASK_TIMEOUT = { isolateExecutionTimeout: '30s' };
