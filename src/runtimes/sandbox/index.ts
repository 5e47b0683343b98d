export { checkInstallation, tieToInstallation } from './installation';
export { makePassage, tightenDir } from './private-folders';
export { createSandboxRuntime, type SandboxOptions } from './sandbox-runtime';
