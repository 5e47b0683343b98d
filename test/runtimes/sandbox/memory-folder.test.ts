import { forbidsPrograms } from '../../../src/runtimes/sandbox/store/memory-folder';

const mount = (point: string, options: string) => `25 24 0:23 / ${point} ${options} shared:1 - tmpfs tmpfs rw,size=64k`;

test('A memory mounted noexec is known by the mount that its folder is on.', () => {
  const root = mount('/', 'rw,relatime');
  const closed = mount('/dev/shm', 'rw,nosuid,nodev,noexec,relatime');
  const open = mount('/dev/shm', 'rw,nosuid,nodev');
  const forbids = (...mounts: string[]) => forbidsPrograms(`${mounts.join('\n')}\n`, '/dev/shm');
  expect(forbids(root, closed)).toBe(true);
  expect(forbids(closed, root)).toBe(true);
  expect(forbids(root, open)).toBe(false);
  expect(forbids(root, closed, open)).toBe(false);
  expect(forbids(root, open, closed)).toBe(true);
  expect(forbids(root, mount('/dev/sh', 'rw,noexec'), mount('/dev/shm/below', 'rw,noexec'))).toBe(false);
  expect(forbids(mount('/', 'ro,noexec'))).toBe(true);
});
