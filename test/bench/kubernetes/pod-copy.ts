/** Copies of the runtime's pods and claims: the same in all that costs time, without the labels that the runtime manages. */
import type { V1PersistentVolumeClaim, V1Pod } from '@kubernetes/client-node';

/** A pod to be made, as another one is that runs, on another claim. */
export function copyPod({ metadata, spec }: V1Pod, { name, claimName }: { name: string; claimName: string }): V1Pod {
  const { nodeName: _, serviceAccountName: __, ...same } = spec ?? { containers: [] };
  const volumes = same.volumes?.map((volume) =>
    volume.persistentVolumeClaim ? { ...volume, persistentVolumeClaim: { claimName } } : volume,
  );
  return {
    metadata: { name, labels: { bench: 'floor' }, ...(metadata?.annotations ? { annotations: metadata.annotations } : {}) },
    spec: { ...same, ...(volumes ? { volumes } : {}) },
  };
}

/** A claim to be made, of the same size and class as another. */
export function copyClaim({ spec }: V1PersistentVolumeClaim, name: string): V1PersistentVolumeClaim {
  const { volumeName: _, ...same } = spec ?? {};
  return { metadata: { name, labels: { bench: 'floor' } }, spec: same };
}
