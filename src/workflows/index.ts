/** The workflows by name, for the bundle. */
export { members } from './members';
export { organization } from './organization';
export { watch } from './watch';
export { workspace } from './workspace';

// Every pending promise keeps the stack it was made on, for Temporal's call stack view; a few frames tell where a workspace waits.
Error.stackTraceLimit = 5;
