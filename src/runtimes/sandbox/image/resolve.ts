import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { RuntimeFailure } from '../../failure';
import { isMissing } from '../store/json-file';
import { digestImage } from './digest';
import { findImageUser, type ImageUser } from './user';

/** The current content of an image's folder. */
export interface Image {
  digest: string;
  rootfs: string;
  user: ImageUser;
  env: Record<string, string>;
  /** A sentence when the requested digest is no longer available. */
  warnings: string[];
}

/**
 * Finds the image that a reference names, `name:tag` or `name` for its `latest`, and its digest.
 * @throws ImageNotFound, ImageInvalid
 */
export async function resolveImage(wanted: { images: string; reference: string; digest: string | null }): Promise<Image> {
  const { reference } = wanted;
  const folder = path.join(wanted.images, ...splitReference(reference));
  const rootfs = path.join(folder, 'rootfs');
  await checkFolder({ reference, folder });
  await checkFolder({ reference, folder: rootfs });
  const settings = await readSettings(reference, path.join(folder, 'image.json'));
  const digest = await digestImage(folder);
  const user = await findImageUser({ reference, rootfs, name: settings.user });
  return {
    digest,
    rootfs,
    user,
    env: settings.env,
    warnings: compareDigests({ reference, wanted: wanted.digest, found: digest }),
  };
}

/** All of it becomes environment of every program inside. */
const MOST_SETTINGS_BYTES = 64 * 1024;

const settingsSchema = z.object({
  user: z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/),
  // Neither an image nor a workspace may set variables of the loader.
  env: z.record(z.string().regex(/^(?!LD_)[A-Za-z_][A-Za-z0-9_]*$/), z.string().regex(/^[^\0]*$/)).default({}),
});

// Each part must begin with a letter or digit, so no reference can lead out of the folder of images.
const REFERENCE = /^([A-Za-z0-9][\w.-]*(?:\/[A-Za-z0-9][\w.-]*)*)(?::([A-Za-z0-9][\w.-]*))?$/;

function splitReference(reference: string): string[] {
  const [, name, tag = 'latest'] = REFERENCE.exec(reference) ?? [];
  if (name !== undefined) return [...name.split('/'), tag];
  throw new RuntimeFailure(
    'ImageNotFound',
    `the sandbox knows images as name:tag, and ${JSON.stringify(reference)} is not of that form`,
  );
}

async function checkFolder({ reference, folder }: { reference: string; folder: string }): Promise<void> {
  const found = await stat(folder).catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw new RuntimeFailure('RuntimeUnavailable', `the folder ${folder} of image ${reference} cannot be read`, { cause: error });
  });
  if (found?.isDirectory()) return;
  if (path.basename(folder) === 'rootfs') throw new RuntimeFailure('ImageInvalid', `image ${reference} has no folder ${folder}`);
  throw new RuntimeFailure('ImageNotFound', `there is no image ${reference}: it would be the folder ${folder}`);
}

async function readSettings(reference: string, file: string): Promise<z.infer<typeof settingsSchema>> {
  try {
    const found = await stat(file);
    if (!found.isFile() || found.size > MOST_SETTINGS_BYTES)
      throw new Error(`it is no file of at most ${MOST_SETTINGS_BYTES} bytes`);
    return settingsSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    const what = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    const message = `image ${reference} needs ${file} with { "user": "coder", "env": {} }: ${what.replace(/\s+/g, ' ').slice(0, 300)}`;
    throw new RuntimeFailure('ImageInvalid', message, { cause: error });
  }
}

function compareDigests({ reference, wanted, found }: { reference: string; wanted: string | null; found: string }): string[] {
  if (wanted === null || wanted === found) return [];
  return [`image ${reference} can no longer be had as ${wanted}; the newest, ${found}, runs instead`];
}
