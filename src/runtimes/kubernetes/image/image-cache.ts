import { untilAborted } from '../../../hooks/until-aborted';
import { RuntimeFailure } from '../../failure';
import type { Progress } from '../../runtime';
import { digestOf } from '../pod/manifest';
import type { ImageFacts } from './image-facts';

/** What is known of images, each looked into once. */
export interface ImageCache {
  /** From the cache, else by `probe`, which runs once for all that ask at the same time. */
  find(image: Image, progress: Progress, probe: () => Promise<ImageFacts>): Promise<ImageFacts>;
  /** Whether `find` answers without a look. */
  knows(reference: string): boolean;
  /** Whether it is a digest of which it was said that it can no longer be had. */
  isGone(reference: string): boolean;
  /** A reference that stands for another content now. */
  forget(reference: string): void;
}

interface Image {
  reference: string;
  organization: string;
}

/** An empty book. It is as old as the worker: another one looks for itself. */
export function createImageCache(): ImageCache {
  const known = new Map<string, ImageFacts>();
  const gone = new Set<string>();
  const looks = new Map<string, Look>();
  return {
    async find(image, progress, probe) {
      const key = `${image.organization} ${image.reference}`;
      for (;;) {
        const facts = known.get(image.reference);
        if (facts !== undefined) return facts;
        const others = looks.get(key);
        if (others === undefined) break;
        const shared = await joinInspection(others, image, progress);
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
        .finally(() => looks.delete(key));
      looks.set(key, { facts, signal: progress.signal });
      return facts;
    },
    knows: (reference) => known.has(reference),
    isGone: (reference) => gone.has(reference),
    forget: (reference) => void known.delete(reference),
  };
}

/** A look under way, and the signal of whoever began it. */
interface Look {
  facts: Promise<ImageFacts>;
  signal: AbortSignal;
}

/** Waits for another's look, and takes its failure too; null when that one waits no longer. */
async function joinInspection({ facts, signal }: Look, { reference }: Image, progress: Progress): Promise<ImageFacts | null> {
  progress.waitingFor(`a look into image ${reference}`);
  try {
    return await untilAborted(progress.signal, () => facts);
  } catch (error) {
    if (!signal.aborted || progress.signal.aborted) throw error;
    return null;
  }
}
