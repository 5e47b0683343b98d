import { readFile } from 'node:fs/promises';
import { RuntimeFailure } from '../../failure';
import { readInside } from '../store/read-in-home';

const MOST_BYTES = 4 * 1024 * 1024;

/** The user of all processes in a workspace. */
export interface ImageUser {
  name: string;
  uid: number;
  gid: number;
  shell: string;
}

/**
 * Looks up the image's user where the sandbox will: in the image's /etc/passwd, else in this machine's.
 * @throws ImageInvalid when it is missing, or is root
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
  return {
    name: image.name,
    uid: Number(uid),
    gid: Number(gid),
    shell: shell !== undefined && /^\/[^\0]{1,255}$/.test(shell) ? shell : '/bin/sh',
  };
}

// An image may have anything instead of the file. Only a plain file counts, and only a limited part of it is read.
async function readUsers(rootfs: string): Promise<string> {
  const found = readInside({ folder: rootfs, file: 'etc/passwd', offset: 0, limit: MOST_BYTES });
  return found === null ? readFile('/etc/passwd', 'utf8') : found.bytes.toString('utf8');
}

const isNumber = (field: string | undefined): boolean => field !== undefined && /^\d{1,10}$/.test(field);
