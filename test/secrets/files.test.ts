import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createFileStore } from '../../src/secrets/files';
import type { RecordKey } from '../../src/secrets/store';
import { storeContract } from '../support/secrets/contract';

const KEY: RecordKey = { kind: 'secret', holder: 'owner/ada', name: 'NPM_TOKEN' };
const RECORD = { value: Buffer.from('canary-value'), description: {} };

storeContract('files', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'perennial-keys-'));
  const open = () => createFileStore(path.join(dir, 'keys'));
  return { store: open(), other: open, end: async () => rmSync(dir, { recursive: true, force: true }) };
});

describe('The folder of keys', () => {
  let dir: string;
  let keys: string;
  const fileOf = (name: string) => path.join(keys, 'secret', 'owner', 'ada', name);
  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'perennial-keys-'));
    keys = path.join(dir, 'keys');
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  test('Files are 0600 and folders 0700, also where DIR was made for others.', async () => {
    mkdirSync(keys);
    chmodSync(keys, 0o777);
    await createFileStore(keys).put(KEY, RECORD);
    const modes = [keys, ...readdirSync(keys, { recursive: true, encoding: 'utf8' }).map((name) => path.join(keys, name))]
      .filter((file) => !file.includes('.lock/'))
      .map((file) => lstatSync(file))
      .map((found) => [found.isDirectory(), found.mode & 0o777]);
    expect(modes.filter(([isFolder, mode]) => mode !== (isFolder ? 0o700 : 0o600))).toEqual([]);
    expect(modes.length).toBeGreaterThan(5);
  });

  test('No draft and no earlier value is left behind.', async () => {
    const store = createFileStore(keys);
    await store.put(KEY, RECORD);
    await store.put(KEY, { value: Buffer.from('next'), description: {} });
    await store.delete(KEY);
    const files = readdirSync(keys, { recursive: true, encoding: 'utf8' }).filter((name) =>
      lstatSync(path.join(keys, name)).isFile(),
    );
    const text = files.map((name) => readFileSync(path.join(keys, name), 'utf8')).join('\n');
    expect(files).not.toContain('.draft');
    for (const value of ['canary-value', 'next']) expect(text).not.toContain(Buffer.from(value).toString('base64'));
  });

  test('Links in the place of a file or a folder are not followed.', async () => {
    const outside = path.join(dir, 'outside');
    mkdirSync(outside);
    writeFileSync(path.join(outside, 'file'), '{}');
    const store = createFileStore(keys);
    await store.put({ ...KEY, name: 'x' }, RECORD);
    symlinkSync(path.join(outside, 'file'), fileOf('+n+p+m_+t+o+k+e+n.json'));
    await expect(store.get(KEY)).rejects.toMatchObject({ type: 'RuntimeUnavailable' });
    symlinkSync(outside, path.join(keys, 'ssh-key'));
    await expect(store.put({ ...KEY, kind: 'ssh-key' }, RECORD)).rejects.toMatchObject({ type: 'RuntimeUnavailable' });
    await expect(store.get({ ...KEY, kind: 'ssh-key' })).rejects.toMatchObject({ type: 'RuntimeUnavailable' });
    expect(readdirSync(outside)).toEqual(['file']);
  });

  test('A link in the place of the draft is replaced, and its target is not written.', async () => {
    const outside = path.join(dir, 'outside');
    writeFileSync(outside, 'as it was');
    mkdirSync(keys, { mode: 0o700 });
    symlinkSync(outside, path.join(keys, '.draft'));
    await createFileStore(keys).put(KEY, RECORD);
    expect(readFileSync(outside, 'utf8')).toBe('as it was');
  });

  test.each(['', '{"version":1', '{"version":"canary"}', 'canary'])(
    'The damaged record %j is no missing one, and is not quoted.',
    async (text) => {
      const store = createFileStore(keys);
      await store.put(KEY, RECORD);
      writeFileSync(fileOf('+n+p+m_+t+o+k+e+n.json'), text);
      const error = await store.get(KEY).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ type: 'RuntimeUnavailable' });
      expect(error).not.toHaveProperty('cause');
      expect(String(error)).not.toContain('canary');
      await expect(store.put(KEY, RECORD)).rejects.toMatchObject({ type: 'RuntimeUnavailable' });
    },
  );
});
