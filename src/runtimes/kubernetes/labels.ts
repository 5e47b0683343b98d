import { createHash } from 'node:crypto';
import type { WorkspaceRef } from '../runtime';

/** On everything of ours; nothing without it is ever touched. */
export const MANAGED_BY = { 'app.kubernetes.io/managed-by': 'perennial' };

/** The labels of a pod or a claim: whose it is, of which build, and what it was made from. */
export function labelsOf(workspace: WorkspaceRef, build: number, spec: unknown): Record<string, string> {
  const { id, owner, name, organization } = workspace;
  return {
    ...MANAGED_BY,
    'perennial/id': id,
    'perennial/owner': owner,
    'perennial/name': name,
    'perennial/organization': organization,
    'perennial/build': String(build),
    'perennial/spec-hash': hashOf(spec),
  };
}

/** Sixteen hexadecimal digits that change when the data does. */
export function hashOf(data: unknown): string {
  return createHash('sha256').update(JSON.stringify(data)).digest('hex').slice(0, 16);
}
