/** The workflows by name, for the bundle. */
export { organization } from './organization';
export { watch } from './watch';
export { workspace } from './workspace';
