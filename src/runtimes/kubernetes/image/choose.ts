import { RuntimeFailure } from '../../failure';
import type { PodSpec, Progress } from '../../runtime';
import type { ClusterContext } from '../context';
import { digestOf } from '../pod/manifest';
import type { ImageFacts } from './image-facts';
import { probeImage } from './probe-pod';

/** The image that a pod is made of. */
export interface ImageChoice {
  /** By its tag, or by the digest that ran before. */
  reference: string;
  facts: ImageFacts;
  /** For the build's warnings. */
  warnings: string[];
}

/**
 * The digest that ran before where it can still be pulled, else the content of the reference now. Waits for an inspection of an image
 * that is not cached.
 * @throws what `probeImage` throws
 */
export async function chooseImage(cluster: ClusterContext, spec: PodSpec, progress: Progress): Promise<ImageChoice> {
  const { organization, image, digest } = spec;
  const inspect = (reference: string) => {
    const inspected = { reference, organization };
    return cluster.images.find(inspected, progress, () => probeImage(cluster, inspected, progress));
  };
  if (digest === null) return { reference: image, facts: await inspect(image), warnings: [] };
  const pinned = pinnedTo(image, digest);
  try {
    if (!isGone(cluster, pinned)) return { reference: pinned, facts: await inspect(pinned), warnings: [] };
  } catch (error) {
    if (!(error instanceof RuntimeFailure) || error.type !== 'ImageNotFound') throw error;
  }
  const warning = `${digest} of ${image}, which ran before, can no longer be pulled; the current image was taken`;
  return { reference: image, facts: await inspect(image), warnings: [warning] };
}

/** Whether `chooseImage` answers from the cache. */
export function isInspected(cluster: ClusterContext, { image, digest }: PodSpec): boolean {
  const pinned = digest === null ? null : pinnedTo(image, digest);
  return cluster.images.knows(pinned === null || isGone(cluster, pinned) ? image : pinned);
}

/** Makes the next `chooseImage` inspect the image again. */
export function forgetImage({ images }: ClusterContext, { image, digest }: PodSpec): void {
  images.forget(image);
  if (digest !== null) images.forget(pinnedTo(image, digest));
}

const isGone = ({ images }: ClusterContext, pinned: string): boolean => digestOf(pinned) === null || images.isGone(pinned);

const pinnedTo = (image: string, digest: string): string => `${repositoryOf(image)}@${digest}`;
const repositoryOf = (reference: string): string => (reference.split('@')[0] ?? '').replace(/:[^:/]*$/, '');
