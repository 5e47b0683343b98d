import { type BundleOptions, bundleWorkflowCode, type WorkflowBundleWithSourceMap } from '@temporalio/worker';

/** The total payload converter, for the bundle and for the worker's own data converter. */
export const PAYLOAD_CONVERTER_PATH = require.resolve('../workflows/payload-converter');

/**
 * Bundles the workflows. They are loaded once for all that run and not once for each, which takes most of what a cached workspace
 * costs beyond an empty workflow. So none of their modules may keep anything that changes; the SDK freezes them.
 */
export function bundleWorkflows(options: Partial<BundleOptions> = {}): Promise<WorkflowBundleWithSourceMap> {
  const workflowsPath = require.resolve('../workflows');
  return bundleWorkflowCode({
    workflowsPath,
    payloadConverterPath: PAYLOAD_CONVERTER_PATH,
    preloadModules: [workflowsPath],
    ...options,
  });
}
