export { checkInstallation, tieToInstallation } from './installation';
export { createSandboxRuntime, type SandboxOptions } from './sandbox-runtime';
