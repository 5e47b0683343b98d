/** The workflows by name, for the bundle. */
export { members } from './members/workflow';
export { organization } from './organization/workflow';
export { watch } from './watch/workflow';
export { workspace } from './workspace/workflow';

// Every pending promise keeps the stack it was made on, for Temporal's call stack view; a few frames tell where a workspace waits.
Error.stackTraceLimit = 5;
