export { checkInstallation, tieToInstallation } from './installation';
export { createSandboxRuntime, type SandboxOptions } from './sandbox-runtime';
export { makePassage, tightenDir } from './store/private-folders';
