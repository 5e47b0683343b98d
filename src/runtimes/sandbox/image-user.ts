import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { RuntimeFailure } from '../failure';
import { isMissing } from './json-file';

/** As whom everything in a workspace runs. */
export interface ImageUser {
  name: string;
  uid: number;
  gid: number;
  shell: string;
}

/**
 * Looks the image's user up where the sandbox will: in the image's own list of users, else in this machine's.
 * @throws ImageInvalid when it is not there, or is root
 */
export async function findImageUser(image: { reference: string; rootfs: string; name: string }): Promise<ImageUser> {
  const lines = (await readUsers(image.rootfs)).split('\n').map((line) => line.split(':'));
  const [, , uid, gid, , , shell] = lines.find(([name]) => name === image.name) ?? [];
  if (!isNumber(uid) || !isNumber(gid)) {
    throw new RuntimeFailure(
      'ImageInvalid',
      `image ${image.reference} runs as user ${image.name}, and its /etc/passwd has no such user`,
    );
  }
  if (Number(uid) === 0) {
    throw new RuntimeFailure(
      'ImageInvalid',
      `image ${image.reference} runs as user ${image.name} with uid 0, and hooks never run as root`,
    );
  }
  return { name: image.name, uid: Number(uid), gid: Number(gid), shell: shell || '/bin/sh' };
}

async function readUsers(rootfs: string): Promise<string> {
  try {
    return await readFile(path.join(rootfs, 'etc/passwd'), 'utf8');
  } catch (error) {
    if (isMissing(error)) return readFile('/etc/passwd', 'utf8');
    throw error;
  }
}

const isNumber = (field: string | undefined): boolean => field !== undefined && /^\d+$/.test(field);
