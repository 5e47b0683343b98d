/** Implements docs/builds.md, "Steps": the warnings of a build. */
import { cutText } from '../../../contract/text-limit';
import type { BuildRecord } from './state';
import { KEPT_MESSAGE, KEPT_WARNINGS } from './state-limits';

/** Adds each warning once, since a step may run twice, and a refresh often. */
export function warn(build: BuildRecord, warnings: string[]): void {
  const all = [...build.warnings, ...warnings.slice(0, KEPT_WARNINGS).map((warning) => cutText(warning, KEPT_MESSAGE))];
  build.warnings = [...new Set(all)].slice(0, KEPT_WARNINGS);
}
