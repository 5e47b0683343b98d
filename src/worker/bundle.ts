import { existsSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  type BundleOptions,
  bundleWorkflowCode,
  DefaultLogger,
  type WorkflowBundleOption,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { withPlainPaths } from './bundle-path';

/** The total payload converter, for the bundle and for the worker's own data converter. */
export const PAYLOAD_CONVERTER_PATH = require.resolve('../workflows/sdk/payload-converter');

/** The checkout, with what it has installed. */
const ROOT = path.join(__dirname, '..', '..');

/** Compiling anew removes it (scripts/sources.mjs), so it is never of older sources than the code beside it. */
const PREBUILT = path.join(__dirname, '..', 'workflow-bundle.cjs');

/** The workflows for a worker: those that `npm run build` bundled, else bundled now, which takes 2 to 10 s and a compiler. */
export async function loadWorkflows(prebuilt = PREBUILT): Promise<WorkflowBundleOption> {
  return existsSync(prebuilt) ? { codePath: prebuilt } : bundleWorkflows();
}

/** Bundles the workflows into a file that `loadWorkflows` finds; a reader sees the old one or the new one, whole. */
export async function prebuildWorkflows(prebuilt = PREBUILT): Promise<void> {
  const { code } = await bundleWorkflows({ logger: new DefaultLogger('WARN') });
  const draft = `${prebuilt}.${process.pid}`;
  writeFileSync(draft, code);
  renameSync(draft, prebuilt);
}

/**
 * Bundles the workflows. They are loaded once for all that run and not once for each, which takes most of what a cached workspace
 * costs beyond an empty workflow. So none of their modules may keep anything that changes; the SDK freezes them.
 */
export function bundleWorkflows(options: Partial<BundleOptions> = {}): Promise<WorkflowBundleWithSourceMap> {
  const workflowsPath = require.resolve('../workflows');
  const guardPath = require.resolve('../workflows/sdk/query-guard');
  const all = {
    workflowsPath,
    payloadConverterPath: PAYLOAD_CONVERTER_PATH,
    workflowInterceptorModules: [guardPath],
    preloadModules: [workflowsPath, guardPath],
    ...options,
  };
  return withPlainPaths({ root: ROOT, options: all }, bundleWorkflowCode);
}
