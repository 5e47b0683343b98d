/** An embedded stack with a secret value in every place that can hold one, and with all that it says kept for the search. */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connectClient, type PerennialClient } from '../../../src/client';
import type { GitHostPolicy } from '../../../src/contract/policy';
import { createFileStore } from '../../../src/secrets/files';
import { findOwnerKey } from '../../../src/secrets/owner-key';
import type { SecretStore } from '../../../src/secrets/store';
import { ROOT } from '../source-scans';
import { endAllStarts, launchStart, readProcesses, readStack, type StartProcess } from '../start/start-process';
import { until } from '../until';
import { askGateway, type CommandLine, createCommandLine, type GatewayCall } from './calls';
import { addEnvironment, Evidence, watch } from './evidence';
import { makePrintingImage } from './hook-image';
import { type Canary, plantCanary } from './needles';

const TEAM = ['--organization', 'default'];
const HOSTS = ['git.example.test', 'team.example.test'];

export const WORKSPACE = 'workspace/ada/dev';
export const RUN_LIMIT_MS = 600_000;

/** All secrets of the run: of the owner `ada` and of the organization `default`. */
export const SECRETS = [
  { name: 'NPM_TOKEN', args: ['ada', 'NPM_TOKEN'], canary: plantCanary("owner's variable") },
  { name: 'TOOL', args: ['ada', 'TOOL', '--file', '.config/tool/secret'], canary: plantCanary("owner's file", 3) },
  { name: 'GIT', args: ['ada', 'GIT', '--git', 'git.example.test'], canary: plantCanary("owner's credential") },
  { name: 'TEAM_KEY', args: ['TEAM_KEY', ...TEAM], canary: plantCanary("organization's variable", 2) },
  { name: 'TEAM_FILE', args: ['TEAM_FILE', '--file', '.team-secret', ...TEAM], canary: plantCanary("organization's file", 2) },
  {
    name: 'TEAM_GIT',
    args: ['TEAM_GIT', '--git', 'team.example.test', ...TEAM],
    canary: plantCanary("organization's credential"),
  },
];

/** What is searched, and how many bytes there are at least. */
export const CARRIERS: [kind: string, leastBytes: number][] = [
  ['histories', 10_000],
  ['descriptions', 1_000],
  ['heartbeats', 10],
  ['log lines', 1_000],
  ['processes', 1_000],
  ['environments', 1_000],
  ['command line', 1_000],
  ['gateway responses', 1_000],
  ['home', 100],
  ['DIR', 100_000],
  ['memory', 0],
];

export interface CanaryStack {
  evidence: Evidence;
  /** Grows as keys and tokens are made. */
  canaries: Canary[];
  dir: string;
  client: PerennialClient;
  start: StartProcess;
  store: SecretStore;
  perennial: CommandLine;
  /** What a script prints in the running workspace. */
  inside(script: string): Promise<string>;
  /** Asks the gateway, and answers the status. */
  ask(path: string, options: GatewayCall): Promise<number>;
  /** Keeps the environments of start, server, worker, and gateway. */
  addEnvironments(): void;
  /** Ends the stack with SIGTERM; what it wrote down stays. */
  end(): Promise<void>;
  remove(): Promise<void>;
}

/** The images `canary:1` and `canary:2`, whose hooks print all that they were given. */
function makePrintingImages(images: string): void {
  for (const tag of ['1', '2'])
    makePrintingImage({ from: path.join(ROOT, 'images', 'starter', tag), image: path.join(images, 'canary', tag) });
}

/** `makeImages` makes the images of the stack in a folder. */
export async function startCanaryStack(makeImages = makePrintingImages): Promise<CanaryStack> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'perennial-canary-'));
  // Homes are entered by the images' own users.
  chmodSync(folder, 0o755);
  const dir = path.join(folder, 'stack');
  const images = path.join(folder, 'images');
  makeImages(images);
  const args = ['--dir', dir, '--images', images, '--no-first'];
  const start = launchStart({ script: path.join(ROOT, 'scripts', 'start.mjs'), args });
  try {
    // The first start of a changed checkout compiles it.
    await until('the stack is ready', () => isReady(start), { patienceMs: RUN_LIMIT_MS / 2 });
  } catch (error) {
    await endAllStarts();
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  const client = await connectClient({ address: readStack(dir).temporal.address });
  const evidence = new Evidence();
  const watching = watch(evidence, client, [WORKSPACE]);
  const perennial = createCommandLine({ PERENNIAL_DIR: dir }, evidence);
  return {
    evidence,
    canaries: [],
    dir,
    client,
    start,
    store: createFileStore(path.join(dir, 'keys')),
    perennial,
    inside: async (script) => {
      const { code, out, error } = await perennial(['shell', 'ada/dev', '--', 'sh', '-c', script], { isRaw: true });
      expect({ code, error }).toEqual({ code: 0, error: '' });
      return out;
    },
    ask: (route, options) => askGateway(evidence, `${readStack(dir).gateway}${route}`, options),
    addEnvironments: () => {
      for (const [name, found] of Object.entries(readProcesses(dir))) addEnvironment(evidence, name, found?.pid);
    },
    end: async () => {
      await watching.stop();
      await client.close();
      expect(await start.end('SIGTERM')).toBe(0);
      evidence.add('log lines', 'output of the start', start.output());
      for (const name of readdirSync(path.join(dir, 'logs')))
        evidence.add('log lines', `DIR/logs/${name}`, readFileSync(path.join(dir, 'logs', name)));
    },
    remove: async () => {
      // After a failed test they are still open.
      await watching.stop();
      await client.close().catch(() => undefined);
      await endAllStarts();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function isReady(start: StartProcess): Promise<boolean> {
  const isOver = await Promise.race([start.exited.then(() => true), delay(100, false)]);
  if (isOver) throw new Error(`the start ended: ${start.output()}`);
  return /^ready /m.test(start.output());
}

/** Sets secrets, and the Git hosts that need them beside `more`. */
export async function plantSecrets(
  { client, perennial, canaries }: Pick<CanaryStack, 'client' | 'perennial' | 'canaries'>,
  { secrets = SECRETS, more = [] }: { secrets?: typeof SECRETS; more?: GitHostPolicy[] } = {},
): Promise<void> {
  const git = HOSTS.map((host) => ({ host, knownHosts: [`${host} ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${'A'.repeat(43)}`] }));
  await client.organization('default').setPolicy({ git: [...git, ...more] });
  for (const { args, canary } of secrets) {
    expect(await perennial(['secret', 'set', ...args], { stdin: `${canary.value}\n` })).toMatchObject({ code: 0, error: '' });
    canaries.push(canary);
  }
}

/** Adds the keys and tokens of this moment to the canaries: each is made anew now and then. */
export async function readKeys(
  { store, canaries, inside }: Pick<CanaryStack, 'store' | 'canaries' | 'inside'>,
  owner = 'ada',
): Promise<void> {
  const key = await findOwnerKey(store, owner);
  const signing = await store.get({ kind: 'signing-key', holder: 'installation', name: 'tokens' });
  const signer = JSON.parse(signing?.value.toString('utf8') ?? '{"keys":[]}') as { keys: { d: string }[] };
  const token = await inside('cat "$PERENNIAL_TOKEN_FILE"');
  canaries.push({ place: "owner's SSH key", value: seedOf(key?.privateKey ?? '') }, tokenCanary("workspace's token", token));
  for (const { d } of signer.keys) canaries.push({ place: 'signing key', value: d });
}

/**
 * The part of a private key in OpenSSH's format that holds nothing but the secret: the 32 bytes from the 161st on. The public key stands in
 * all other parts.
 */
function seedOf(privateKey: string): string {
  const [from, to] = [Math.ceil((161 * 8) / 6), Math.floor((193 * 8) / 6)];
  const body = privateKey.split('\n').filter((line) => !line.startsWith('-----'));
  let count = 0;
  const isSecret = (character: string): boolean => {
    if (character !== '\n') count += 1;
    return count > from && count <= to;
  };
  return [...body.join('\n')].filter(isSecret).join('').trim();
}

/** The header of a token is the same for all tokens of a key, and no secret. */
export const tokenCanary = (place: string, token: string): Canary => ({
  place,
  value: token.trim().split('.').slice(1).join('.'),
});
