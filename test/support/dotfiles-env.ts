/** A repository of dotfiles that does not belong to the user of the workspace, and the step that brings it. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { HookResult } from '../../src/hooks/hook';
import { runHook } from '../../src/hooks/run-hook';
import { makeTestPod, progressOf, specOf, type TestPod } from './hook-env';

export interface Repository {
  uri: string;
  git(...args: string[]): string;
  /** Writes files and commits them; returns the commit. */
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

/** A new pod and a new repository for each test of a block, and shorthands for what its tests do with them. */
export function useDotfiles(shell: string, files: Record<string, string> = {}) {
  let pod: TestPod;
  let repository: Repository;
  let personalize: Personalize;
  beforeEach(() => {
    pod = makeTestPod(shell);
    repository = makeRepository();
    if (Object.keys(files).length > 0) repository.commit(files);
    personalize = createPersonalize(pod);
  });
  afterEach(() => {
    pod.remove();
    repository.remove();
  });
  const bring = (ref?: string, uri = repository.uri) => personalize(ref === undefined ? { uri } : { uri, ref });
  return {
    get pod() {
      return pod;
    },
    get repository() {
      return repository;
    },
    bring,
    bringWithoutWarning: async (...args: Parameters<typeof bring>) => expect((await bring(...args)).warnings).toEqual([]),
    git: (...args: string[]) => gitIn(pod, args),
    vimrc: () => pod.readHome('dotfiles/.vimrc'),
    exists: (file: string) => existsSync(path.join(pod.home, file)),
  };
}

type Personalize = (dotfiles: { uri: string; ref?: string } | null) => Promise<HookResult>;

/** Each run is that of another build, as a pod runs a step once. */
export function createPersonalize(pod: TestPod): Personalize {
  let build = 0;
  return (dotfiles) => {
    build += 1;
    return runHook(pod.exec, specOf({ step: 'personalize', build, dotfiles }), progressOf());
  };
}

/** Runs git in the clone as the user; returns what it printed. */
export async function gitIn(pod: TestPod, args: string[]): Promise<string> {
  const name = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org'];
  pod.writeHome('safe', '[safe]\n\tdirectory = *\n');
  const env = { GIT_CONFIG_GLOBAL: path.join(pod.home, 'safe') };
  const { exitCode, stdout, stderr } = await pod.exec({ argv: ['git', '-C', 'dotfiles', ...name, ...args], env });
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
