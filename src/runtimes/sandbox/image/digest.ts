import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';

/**
 * The digest of an image's content: image.json, and of all that lies in rootfs its path, mode, and bytes or link target. Who
 * owns the files and how old they are is left out, so that every checkout of the same content has the same digest.
 */
export async function digestImage(folder: string): Promise<string> {
  const hash = createHash('sha256');
  addField(hash, await readFile(path.join(folder, 'image.json')));
  await addFolder({ hash, root: Buffer.from(path.join(folder, 'rootfs')), name: Buffer.alloc(0) });
  return `sha256:${hash.digest('hex')}`;
}

/** Names are bytes, and not always text. */
interface Entry {
  hash: Hash;
  root: Buffer;
  name: Buffer;
}

async function addFolder({ hash, root, name }: Entry): Promise<void> {
  const entries = await readdir(join(root, name), { encoding: 'buffer' });
  // By byte, not by the machine's language.
  for (const entry of entries.sort(Buffer.compare)) await addEntry({ hash, root, name: join(name, entry) });
}

async function addEntry(entry: Entry): Promise<void> {
  const { hash, root, name } = entry;
  const file = join(root, name);
  const found = await lstat(file);
  addField(hash, name);
  addField(hash, found.mode.toString(8));
  if (found.isSymbolicLink()) return addField(hash, await readlink(file, { encoding: 'buffer' }));
  if (found.isDirectory()) return addFolder(entry);
  if (found.isFile()) return addBytes({ hash, file, size: found.size });
}

const join = (folder: Buffer, name: Buffer): Buffer =>
  folder.length === 0 || name.length === 0 ? Buffer.concat([folder, name]) : Buffer.concat([folder, Buffer.from('/'), name]);

// Each field is led by its length, so that no two contents run together to the same bytes.
function addField(hash: Hash, field: string | Buffer): void {
  hash.update(`${Buffer.byteLength(field)}:`).update(field);
}

async function addBytes({ hash, file, size }: { hash: Hash; file: Buffer; size: number }): Promise<void> {
  hash.update(`${size}:`);
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
}
