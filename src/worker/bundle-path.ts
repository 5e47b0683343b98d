import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { BundleOptions } from '@temporalio/worker';

type Configuration = Parameters<NonNullable<BundleOptions['webpackConfigHook']>>[0];

/** In a webpack request these begin a query, a fragment, or a loader, and only some can be escaped. */
const SPECIAL = /[#?!]/;

/**
 * Runs `bundle` with paths that webpack accepts. A checkout whose path has special characters is bundled through a symbolic link in the
 * folder for temporary files, which is removed afterwards.
 */
export async function withPlainPaths<Result>(
  { root, options }: { root: string; options: BundleOptions },
  bundle: (options: BundleOptions) => Promise<Result>,
): Promise<Result> {
  if (!SPECIAL.test(root)) return bundle(options);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'perennial-bundle-'));
  const link = path.join(folder, 'checkout');
  symlinkSync(root, link);
  const replace = (text: string) => (text.startsWith(root) ? link + text.slice(root.length) : text);
  try {
    const webpackConfigHook = (config: Configuration) => readThroughLink(config, replace);
    return await bundle({ ...(mapTexts(options, replace) as BundleOptions), webpackConfigHook });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readThroughLink(config: Configuration, replace: (text: string) => string): Configuration {
  return {
    ...config,
    // A resolved link would be the original path again.
    resolve: { ...(mapTexts(config.resolve, replace) as Configuration['resolve']), symlinks: false },
    resolveLoader: { symlinks: false },
    module: { ...config.module, rules: mapTexts(config.module?.rules, replace) as [] },
  };
}

/** Maps strings in lists and plain objects; other values, such as a pattern or a plug-in, stay unchanged. */
function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, map));
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, map)]));
}
