import { untilAborted } from '../../../hooks/until-aborted';
import { RuntimeFailure } from '../../failure';
import type { Progress } from '../../runtime';
import { digestOf } from '../pod/manifest';
import type { ImageFacts } from './image-facts';

/** The facts of images, each inspected once. */
export interface ImageCache {
  /** From the cache, else by `probe`, which runs once for all callers at the same time. */
  find(image: Image, progress: Progress, probe: () => Promise<ImageFacts>): Promise<ImageFacts>;
  /** Whether `find` answers without a probe. */
  knows(reference: string): boolean;
  /** Whether a probe found that this digest can no longer be pulled. */
  isGone(reference: string): boolean;
  /** Removes a reference whose content may have changed. */
  forget(reference: string): void;
}

interface Image {
  reference: string;
  organization: string;
}

/** An empty cache. It lives as long as the worker; each worker has its own. */
export function createImageCache(): ImageCache {
  const known = new Map<string, ImageFacts>();
  const gone = new Set<string>();
  const inspections = new Map<string, Inspection>();
  return {
    async find(image, progress, probe) {
      const key = `${image.organization} ${image.reference}`;
      for (;;) {
        const facts = known.get(image.reference);
        if (facts !== undefined) return facts;
        const other = inspections.get(key);
        if (other === undefined) break;
        const shared = await joinInspection(other, image, progress);
        if (shared !== null) return shared;
      }
      const facts = probe()
        .then((found) => {
          known.set(image.reference, found);
          return found;
        })
        .catch((error: unknown) => {
          const isMissing = error instanceof RuntimeFailure && error.type === 'ImageNotFound';
          if (isMissing && digestOf(image.reference) !== null) gone.add(image.reference);
          throw error;
        })
        .finally(() => inspections.delete(key));
      inspections.set(key, { facts, signal: progress.signal });
      return facts;
    },
    knows: (reference) => known.has(reference),
    isGone: (reference) => gone.has(reference),
    forget: (reference) => void known.delete(reference),
  };
}

/** A probe that runs, and the signal of the caller that started it. */
interface Inspection {
  facts: Promise<ImageFacts>;
  signal: AbortSignal;
}

/** Waits for the inspection of another caller, and shares its failure; null when that caller has aborted. */
async function joinInspection(
  { facts, signal }: Inspection,
  { reference }: Image,
  progress: Progress,
): Promise<ImageFacts | null> {
  progress.waitingFor(`the inspection of image ${reference}`);
  try {
    return await untilAborted(progress.signal, () => facts);
  } catch (error) {
    if (!signal.aborted || progress.signal.aborted) throw error;
    return null;
  }
}
