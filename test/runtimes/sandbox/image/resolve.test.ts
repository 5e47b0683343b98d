import { chmodSync, cpSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { resolveImage } from '../../../../src/runtimes/sandbox/image/resolve';
import { expectFailure } from '../../../support/runtimes/contract';
import { makeImage } from '../../../support/runtimes/sandbox-env';

describe('An image of the sandbox', () => {
  let images: string;
  const resolve = (reference: string, digest: string | null = null) => resolveImage({ images, reference, digest });
  const file = (name: string) => path.join(images, 'starter/1', name);

  beforeEach(() => {
    images = mkdtempSync(path.join(tmpdir(), 'perennial-images-'));
    makeImage({ folder: path.join(images, 'starter/1') });
  });
  afterEach(() => rmSync(images, { recursive: true }));

  it('is found by name and tag, and without a tag by its latest.', async () => {
    await expectFailure(resolve('starter'), 'ImageNotFound');
    cpSync(path.join(images, 'starter/1'), path.join(images, 'starter/latest'), { recursive: true });
    expect(await resolve('starter')).toMatchObject({
      user: { name: 'coder', uid: 1000, gid: 1000, shell: '/bin/bash' },
      env: { IMAGE: 'one' },
    });
  });

  it('is never searched outside the folder of images.', async () => {
    const inner = path.join(images, 'inner');
    cpSync(path.join(images, 'starter'), path.join(inner, 'starter'), { recursive: true });
    images = inner;
    for (const reference of [
      '../starter:1',
      '..:starter',
      '/starter:1',
      'starter/../../starter:1',
      'starter:../1',
      '',
      ':',
      'starter:',
      '.',
    ]) {
      await expectFailure(resolve(reference), 'ImageNotFound');
    }
    images = path.dirname(inner);
  });

  it('names the missing folder when there is none.', async () => {
    const failure = await expectFailure(resolve('other:9'), 'ImageNotFound');
    expect(failure.message).toContain('other:9');
    expect(failure.message).toContain(path.join(images, 'other/9'));
  });

  it('has one digest for one content, wherever it lies and however old it is.', async () => {
    const { digest } = await resolve('starter:1');
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    cpSync(path.join(images, 'starter/1'), path.join(images, 'copy/1'), { recursive: true });
    utimesSync(path.join(images, 'copy/1/image.json'), 1, 1);
    expect((await resolve('copy:1')).digest).toBe(digest);
  });

  it('has another digest when bytes, a mode, a name, a link, or its settings change.', async () => {
    const digests = new Set([(await resolve('starter:1')).digest]);
    const add = async () => digests.add((await resolve('starter:1')).digest);
    writeFileSync(file('rootfs/opt/image/mark'), 'other');
    await add();
    chmodSync(file('rootfs/opt/image/mark'), 0o755);
    await add();
    renameSync(file('rootfs/opt/image/mark'), file('rootfs/opt/image/name'));
    await add();
    symlinkSync('name', file('rootfs/opt/image/link'));
    await add();
    writeFileSync(file('image.json'), '{ "user": "coder" }');
    await add();
    expect(digests.size).toBe(6);
  });

  it('runs with a warning when its content has changed since the digest was recorded.', async () => {
    const { digest } = await resolve('starter:1');
    expect((await resolve('starter:1', digest)).warnings).toEqual([]);
    expect((await resolve('starter:1', 'sha256:old')).warnings).toEqual([expect.stringContaining('sha256:old')]);
  });

  it.each([
    ['is no JSON', 'user: coder'],
    ['names no user', '{}'],
    ['names a user that cannot be', '{ "user": "../root" }'],
    ['names a user that is not in the image', '{ "user": "missing" }'],
    ['names root', '{ "user": "root" }'],
    ['sets what the loader of programs reads', '{ "user": "coder", "env": { "LD_PRELOAD": "x" } }'],
  ])('is refused when image.json %s.', async (_, settings) => {
    writeFileSync(file('image.json'), settings);
    expect((await expectFailure(resolve('starter:1'), 'ImageInvalid')).message).toContain('starter:1');
  });

  it('is refused without image.json and without rootfs.', async () => {
    rmSync(file('image.json'));
    await expectFailure(resolve('starter:1'), 'ImageInvalid');
    rmSync(file('rootfs'), { recursive: true });
    await expectFailure(resolve('starter:1'), 'ImageInvalid');
  });
});
