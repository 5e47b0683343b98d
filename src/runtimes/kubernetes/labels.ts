import { createHash } from 'node:crypto';
import type { V1ObjectMeta, V1Pod } from '@kubernetes/client-node';
import type { WorkspaceRef } from '../runtime';

/** On everything of ours; nothing without it is ever touched. */
export const MANAGED_BY = { 'app.kubernetes.io/managed-by': 'perennial' };

/** Finds all that is ours, and nothing else. */
export const OUR_LABELS = 'app.kubernetes.io/managed-by=perennial';

/** Which Perennial made it; what carries no such label was made by hand, or handed over, and belongs to whoever finds it. */
export const INSTALLATION = 'perennial/installation';

/** Whether it is this Perennial's to remove. Another one on the same cluster knows its own workspaces, and we do not. */
export function isOfInstallation({ metadata }: { metadata?: V1ObjectMeta }, installation: string | null): boolean {
  const found = metadata?.labels?.[INSTALLATION];
  return found === undefined || installation === null || found === installation;
}

/** Whether a list or a watch for our labels would tell of it. */
export function isOurs({ metadata }: { metadata?: V1ObjectMeta }): boolean {
  return metadata?.labels?.['app.kubernetes.io/managed-by'] === 'perennial';
}

/** The labels of a pod or a claim: whose it is, of which build, and what it was made from. */
export function labelsOf(
  workspace: WorkspaceRef,
  { build, spec, installation }: { build: number; spec: unknown; installation: string | null },
): Record<string, string> {
  const { id, owner, name, organization } = workspace;
  return {
    ...MANAGED_BY,
    'perennial/id': id,
    'perennial/owner': owner,
    'perennial/name': name,
    'perennial/organization': organization,
    'perennial/build': String(build),
    'perennial/spec-hash': hashOf(spec),
    ...(installation === null ? {} : { [INSTALLATION]: installation }),
  };
}

/** Sixteen hexadecimal digits that change when the data does. */
export function hashOf(data: unknown): string {
  return createHash('sha256').update(JSON.stringify(data)).digest('hex').slice(0, 16);
}

/** Whether it only looks into an image, and belongs to no workspace. */
export function isProbe(pod: V1Pod): boolean {
  return nameOf(pod).startsWith('probe-');
}

/** Its name, which is that of its place: pods that follow one another in the same place have other uids. */
export function nameOf(pod: V1Pod): string {
  return pod.metadata?.name ?? '';
}

/** Whether it is the pod of this build of a workspace, or of an older one. */
export function isUpTo({ metadata }: V1Pod, id: string, build: number): boolean {
  return metadata?.labels?.['perennial/id'] === id && Number(metadata.labels['perennial/build']) <= build;
}
