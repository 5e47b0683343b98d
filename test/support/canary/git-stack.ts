/** An embedded stack whose owner `ada` has a key and a password for private repositories on real servers. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { WorkspaceHandle } from '../../../src/client';
import type { Runtime } from '../../../src/runtimes/runtime';
import { createSandboxRuntime } from '../../../src/runtimes/sandbox';
import { type HttpsServer, type SshServer, startHttpsServer, startSshServer } from '../git-servers';
import { openShell } from '../runtimes/open-shell';
import { ROOT } from '../source-scans';
import { addHeldPrograms } from '../start/held-steps';
import { readStack } from '../start/start-process';
import { type CanaryStack, startCanaryStack } from './canary-stack';

/** The names of ada's two workspaces. */
export const NAMES = ['dev', 'web'] as const;
export type Name = (typeof NAMES)[number];

export interface GitStack extends CanaryStack {
  ssh: SshServer;
  https: HttpsServer;
  /** What `perennial` needs to ask the gateway as the owner. */
  throughGateway: NodeJS.ProcessEnv;
  workspace(name: Name): WorkspaceHandle;
  /** What `perennial` prints; it has to succeed. */
  run(line: string, stdin?: string): Promise<string>;
  /** What a script prints in a terminal of the running workspace, which begins now. */
  inTerminal(name: Name, script: string): Promise<string>;
}

export const PASSWORD = 'password-of-the-git-host-42';
/** The image of both workspaces; its injection can be held up. */
export const IMAGE = 'held:1';
const CONFIGURE = `#!/bin/sh
echo configure >>~/runs
git config --global http.sslCAInfo "$HOME/.git-ca.pem"
echo "the token is $NPM_TOKEN"
`;

function makeImage(images: string): void {
  const image = path.join(images, ...IMAGE.split(':'));
  cpSync(path.join(ROOT, 'images', 'starter', '1'), image, { recursive: true });
  writeFileSync(path.join(image, 'rootfs', 'coder', 'configure'), CONFIGURE, { mode: 0o755 });
  addHeldPrograms(image);
}

export async function startGitStack(): Promise<GitStack> {
  const ssh = await startSshServer();
  const https = await startHttpsServer({ username: 'oauth2', password: PASSWORD });
  const stopServers = async () => void (await Promise.all([ssh.stop(), https.stop()]));
  const stack = await startCanaryStack(makeImage).catch(async (error: unknown) => {
    await stopServers();
    throw error;
  });
  const whole = wrap(stack, { ssh, https, stopServers });
  try {
    await plantSecrets(whole);
    return whole;
  } catch (error) {
    await whole.remove();
    throw error;
  }
}

function wrap(stack: CanaryStack, servers: Pick<GitStack, 'ssh' | 'https'> & { stopServers(): Promise<void> }): GitStack {
  const { stopServers, ...rest } = servers;
  const runtime = createSandboxRuntime({ dir: stack.dir, images: path.join(stack.dir, '..', 'images') });
  const workspace = (name: Name) => stack.client.workspace('ada', name);
  return {
    ...stack,
    ...rest,
    throughGateway: {},
    workspace,
    run: async (line, stdin = '') => {
      const { code, out, error } = await stack.perennial(line.split(' '), { stdin, isRaw: true });
      expect({ line, code, error }).toEqual({ line, code: 0, error: '' });
      return out;
    },
    inTerminal: (name, script) => runInTerminal(runtime, workspace(name), script),
    remove: async () => {
      await stack.remove();
      await stopServers();
    },
  };
}

async function plantSecrets(stack: GitStack): Promise<void> {
  const { ssh, https, run } = stack;
  const git = [
    { host: ssh.host, knownHosts: [ssh.knownHost] },
    { host: https.host, knownHosts: [] },
  ];
  await stack.client.organization('default').setPolicy({ git });
  stack.canaries.push({ place: 'password of the Git host', value: PASSWORD });
  await run(`secret set ada GIT --git ${https.host}`, PASSWORD);
  await run('secret set ada GIT_CA --file .git-ca.pem', https.certificate);
  ssh.accept(await run('key show ada'));
  const token = (await run('token create --owner ada')).trim();
  stack.throughGateway = { PERENNIAL_URL: readStack(stack.dir).gateway, PERENNIAL_TOKEN: token };
}

async function runInTerminal(runtime: Runtime, workspace: WorkspaceHandle, script: string): Promise<string> {
  const { id, organization, build } = await workspace.status();
  const pod = { id, organization, build: build?.number ?? 0 };
  return openShell(runtime, pod, { input: '', command: ['sh', '-c', script] });
}

/** What Git says to a private key outside a workspace. */
export function listRemoteWith(uri: string, privateKey: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'perennial-old-key-'));
  const file = path.join(folder, 'key');
  try {
    writeFileSync(file, privateKey, { mode: 0o600 });
    const options = '-o IdentitiesOnly=yes -o IdentityAgent=none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null';
    const env = { ...process.env, GIT_SSH_COMMAND: `ssh -F /dev/null -i ${file} ${options}` };
    return execFileSync('git', ['ls-remote', uri], { env, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    return String((error as { stderr?: unknown }).stderr);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
