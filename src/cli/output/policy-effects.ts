/** The preview of a policy: for each workspace what would change, when, and why. */
import { formatTable } from '../../client/pages/tables';
import type { PolicyEffect } from '../../workflows/workspace/rules/policy/preview';

/** What a policy would change for one workspace. */
export interface WorkspaceEffects {
  /** `owner/name`. */
  workspace: string;
  /** Its state now. */
  state: string;
  changes: PolicyEffect[];
}

/** The answer of `perennial org preview`. */
export interface PolicyPreview {
  organization: string;
  /** The version of the policy that the preview is compared with. */
  version: number;
  /** The fields of the change, as dotted paths. */
  fields: string[];
  /** When it was computed, ISO 8601. */
  at: string;
  /** The workspaces that the change affects, by name. */
  workspaces: WorkspaceEffects[];
  /** How many it does not affect. */
  unchanged: number;
  /** Owners who would use more than a quota that the change sets; their builds that ask for more are refused. */
  overQuota: { owner: string; quota: string; limit: string; used: string }[];
  /** Workspaces that did not answer. */
  unknown: { workspace: string; reason: string }[];
}

const HEADER = ['WORKSPACE', 'STATE', 'WHAT', 'BEFORE', 'AFTER', 'WHEN', 'WHY'];

/** A table of the changes, with sentences about the others. */
export function formatPreview(preview: PolicyPreview): string {
  const { organization, version, fields, workspaces, unchanged, overQuota, unknown } = preview;
  const rows = workspaces.flatMap(({ workspace, state, changes }) =>
    changes.map(({ what, before, after, at, because }) => [
      workspace,
      state,
      what,
      before ?? '-',
      after ?? '-',
      at ?? 'next build',
      because,
    ]),
  );
  const lines = [
    `organization ${organization}, compared with policy version ${version}: ${fields.join(', ') || 'no field'} would be set`,
    ...(rows.length > 0 ? [formatTable([HEADER, ...rows])] : []),
    ...overQuota.map(({ owner, quota, limit, used }) => `${owner} uses ${used} of ${quota} ${limit}: further builds are refused`),
    ...unknown.map(({ workspace, reason }) => `${workspace} did not answer: ${reason}`),
    `${workspaces.length} workspaces change, ${unchanged} do not.`,
  ];
  return lines.join('\n');
}
