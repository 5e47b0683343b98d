import { createHash } from 'node:crypto';
import type { V1ObjectMeta, V1Pod } from '@kubernetes/client-node';
import type { WorkspaceRef } from '../runtime';

/** On every object that Perennial manages; objects without it are never touched. */
export const MANAGED_BY = { 'app.kubernetes.io/managed-by': 'perennial' };

/** Selects every object that Perennial manages. */
export const MANAGED_SELECTOR = 'app.kubernetes.io/managed-by=perennial';

/** The installation that manages the object. An object without it was made by hand or handed over, and any installation may take it. */
export const INSTALLATION = 'perennial/installation';

/** Whether this installation may list and remove the object: only its own installation knows the object's workspace. */
export function isOfInstallation({ metadata }: { metadata?: V1ObjectMeta }, installation: string | null): boolean {
  const found = metadata?.labels?.[INSTALLATION];
  return found === undefined || installation === null || found === installation;
}

/** Whether the object matches `MANAGED_SELECTOR`. */
export function isManaged({ metadata }: { metadata?: V1ObjectMeta }): boolean {
  return metadata?.labels?.['app.kubernetes.io/managed-by'] === 'perennial';
}

/** The labels of a pod or a claim: its workspace, its build, and a hash of its spec. */
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

/** Whether the pod inspects an image, and belongs to no workspace. */
export function isProbe(pod: V1Pod): boolean {
  return nameOf(pod).startsWith('probe-');
}

/** The name of the pod, which successive pods of a workspace share; their uids differ. */
export function nameOf(pod: V1Pod): string {
  return pod.metadata?.name ?? '';
}

/** Whether the pod is of this build of the workspace, or of an older one. */
export function isUpTo({ metadata }: V1Pod, id: string, build: number): boolean {
  return metadata?.labels?.['perennial/id'] === id && Number(metadata.labels['perennial/build']) <= build;
}
