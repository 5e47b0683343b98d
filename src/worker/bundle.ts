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

/** The checkout, with its node_modules. */
const ROOT = path.join(__dirname, '..', '..');

/** A build removes it (scripts/sources.mjs), so it is never older than the compiled code beside it. */
const PREBUILT = path.join(__dirname, '..', 'workflow-bundle.cjs');

/** The bundle of `npm run build`; without one the workflows are bundled now, which takes 2 to 10 s and a compiler. */
export async function loadWorkflows(prebuilt = PREBUILT): Promise<WorkflowBundleOption> {
  return existsSync(prebuilt) ? { codePath: prebuilt } : bundleWorkflows();
}

/** Bundles the workflows into the file that `loadWorkflows` reads. The file is replaced atomically. */
export async function prebuildWorkflows(prebuilt = PREBUILT): Promise<void> {
  const { code } = await bundleWorkflows({ logger: new DefaultLogger('WARN') });
  const draft = `${prebuilt}.${process.pid}`;
  writeFileSync(draft, code);
  renameSync(draft, prebuilt);
}

/**
 * Bundles the workflows. Preloaded modules are shared by all workflows, which saves most of the memory that a cached workspace costs
 * beyond an empty workflow. So no module may hold mutable state; the SDK freezes them.
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
