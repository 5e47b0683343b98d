/** A pod whose root file system and /tmp are read-only. Only root can mount. */
import { spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Exec } from '../../../src/hooks/hook';
import { injectSecrets } from '../../../src/hooks/inject/inject-secrets';
import { findProgram } from '../../support/hook-env';
import { makeSshKey, setOf } from '../../support/injected-pod';

const UID = 12_345;
const KEY = makeSshKey();
const READ_ONLY = 'mount -o remount,ro,bind / && mount -t tmpfs -o ro tmpfs /tmp && exec "$@"';
const AS_USER = ['setpriv', '--reuid', String(UID), '--regid', String(UID), '--clear-groups', 'env', '-i', 'PATH=/usr/bin:/bin'];
const SHELLS = ['dash', 'bash', 'busybox sh'].filter((line) => findProgram(line.split(' ')[0] ?? '') !== null);

test.each(SHELLS)('An injection by %s writes to memory and to the home alone.', async (shell) => {
  if (process.getuid?.() !== 0) return;
  const root = mkdtempSync('/dev/shm/read-only-test-');
  const [home, run] = ['home', 'run'].map((name) => path.join(root, name));
  for (const folder of [home ?? '', run ?? '']) mkdirSync(folder);
  for (const folder of [root, home ?? '', run ?? '']) chownSync(folder, UID, UID);
  const exec: Exec = async ({ argv: [, ...args], stdin }) => {
    const settings = [`HOME=${home}`, `PERENNIAL_SECRETS_DIR=${run}/secrets`];
    const words = ['-m', 'sh', '-c', READ_ONLY, 'sh', ...AS_USER, ...settings, ...shell.split(' '), ...args];
    const { status, stdout, stderr } = spawnSync('unshare', words, { input: stdin ?? '', encoding: 'utf8' });
    return { exitCode: status ?? -1, stdout, stderr };
  };
  const value = Buffer.alloc(65_536, 'x');
  const hosts = [{ host: 'git.example.org', knownHosts: ['git.example.org ssh-ed25519 AAAA'] }];
  const set = setOf({ sshKey: KEY, gitHosts: hosts, env: [{ name: 'MINE', value }], files: [{ path: '.config/tool', value }] });
  expect(await injectSecrets(exec, set)).toEqual({ fingerprint: KEY.fingerprint, warnings: [] });
  expect(readFileSync(path.join(home ?? '', '.config/tool')).equals(value)).toBe(true);
  rmSync(root, { recursive: true });
});
