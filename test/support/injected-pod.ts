/** Sets of secrets for tests, and what a pod has of them. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { InjectedSet } from '../../src/hooks/inject/injected-set';
import type { TestPod } from './hook-env';

export const setOf = (changes: Partial<InjectedSet> = {}): InjectedSet => ({
  access: null,
  sshKey: null,
  gitHosts: [],
  env: [],
  files: [],
  credentials: [],
  ...changes,
});

export type SshKey = NonNullable<InjectedSet['sshKey']>;

/** A new key pair, made by OpenSSH itself. */
export function makeSshKey(): SshKey {
  const folder = mkdtempSync(path.join(tmpdir(), 'key-test-'));
  const file = path.join(folder, 'key');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'ada@perennial', '-f', file]);
  const printed = execFileSync('ssh-keygen', ['-lf', file], { encoding: 'utf8' });
  const key = {
    privateKey: readFileSync(file, 'utf8'),
    publicKey: readFileSync(`${file}.pub`, 'utf8'),
    fingerprint: printed.split(' ')[1] ?? '',
  };
  rmSync(folder, { recursive: true });
  return key;
}

/** The folder of a pod's secrets, as its user sees it. */
export function secretsOf(pod: TestPod) {
  const folder = pod.env.PERENNIAL_SECRETS_DIR ?? '';
  return {
    folder,
    read: (name: string) => readFileSync(path.join(folder, 'current', name)),
    has: (name: string) => existsSync(path.join(folder, 'current', name)),
    generations: () => readdirSync(folder).filter((name) => name.startsWith('gen.')),
    /** Each file and folder, with its owner and mode. */
    list: () =>
      ['', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })].map((name) => {
        const { uid, mode } = statSync(path.join(folder, name));
        return { name, uid, mode: mode & 0o777 };
      }),
  };
}
