/** The workflows by name, for the bundle. */
export { campaign } from './campaign/workflow';
export { members } from './members/workflow';
export { organization } from './organization/workflow';
export { owner } from './owner/workflow';
export { watch } from './watch/workflow';
export { workspace } from './workspace/workflow';

// Every pending promise keeps its stack for Temporal's call stack view. A few frames show where a workspace waits; more cost memory.
Error.stackTraceLimit = 5;
