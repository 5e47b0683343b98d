export { createSandboxRuntime, type SandboxOptions } from './sandbox-runtime';
