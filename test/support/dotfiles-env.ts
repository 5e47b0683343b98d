/** A repository of dotfiles that belongs to somebody else than the workspace's user, and the step that brings it. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { HookResult } from '../../src/hooks/hook';
import { runHook } from '../../src/hooks/run-hook';
import { type Place, progressOf, specOf } from './hook-env';

export interface Repository {
  uri: string;
  git(...args: string[]): string;
  /** Writes files and commits them; gives back the commit. */
  commit(files: Record<string, string>): string;
  remove(): void;
}

export function makeRepository(): Repository {
  const root = mkdtempSync(path.join(tmpdir(), 'dotfiles-test-'));
  chmodSync(root, 0o755);
  const folder = path.join(root, 'dots');
  mkdirSync(folder);
  const git = (...args: string[]) => runGit(folder, args);
  git('init', '-q');
  return {
    uri: `file://${folder}`,
    git,
    commit(files) {
      for (const [name, text] of Object.entries(files)) writeTracked(path.join(folder, name), text);
      git('add', '-A');
      git('commit', '-q', '-m', 'change', '--allow-empty');
      return git('rev-parse', 'HEAD');
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** Each run is that of another build, as a pod runs a step once. */
export function createPersonalize(place: Place): (dotfiles: { uri: string; ref?: string } | null) => Promise<HookResult> {
  let build = 0;
  return (dotfiles) => {
    build += 1;
    return runHook(place.exec, specOf({ step: 'personalize', build, dotfiles }), progressOf());
  };
}

/** Runs git in the clone as the user; gives back what it printed. */
export async function gitIn(place: Place, args: string[]): Promise<string> {
  const name = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org'];
  place.writeHome('safe', '[safe]\n\tdirectory = *\n');
  const env = { GIT_CONFIG_GLOBAL: path.join(place.home, 'safe') };
  const { exitCode, stdout, stderr } = await place.exec({ argv: ['git', '-C', 'dotfiles', ...name, ...args], env });
  if (exitCode !== 0) throw new Error(`git ${args.join(' ')} ended with exit code ${exitCode}: ${stderr}`);
  return stdout.trim();
}

function writeTracked(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, file.endsWith('.sh') ? 0o755 : 0o644);
}

function runGit(folder: string, args: string[]): string {
  const settings = ['user.name=Ada', 'user.email=ada@example.org', 'init.defaultBranch=main'].flatMap((setting) => [
    '-c',
    setting,
  ]);
  const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' };
  return execFileSync('git', ['-C', folder, ...settings, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  }).trim();
}
