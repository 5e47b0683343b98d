import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { connectClient, type PerennialClient } from '../../src/client';
import {
  endAllStarts,
  isAlive,
  launchStart,
  readProcesses,
  readStack,
  START_LIMIT_MS,
  type StartProcess,
} from '../support/start/start-process';
import { until } from '../support/until';

const root = path.join(__dirname, '..', '..');

let folder: string;
let dir: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'perennial-stack-'));
  // Homes are entered by the images' own users.
  chmodSync(folder, 0o755);
  dir = path.join(folder, 'stack');
});
afterEach(async () => {
  await endAllStarts();
  rmSync(folder, { recursive: true, force: true });
}, START_LIMIT_MS);

const start = (...args: string[]): StartProcess =>
  launchStart({ script: path.join(root, 'scripts', 'start.mjs'), args: ['--dir', dir, ...args] });

async function withClient<Result>(work: (client: PerennialClient) => Promise<Result>): Promise<Result> {
  const client = await connectClient({ address: readStack(dir).temporal.address });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

const stateOf = (client: PerennialClient, owner: string, name: string) => async (): Promise<string> =>
  (await client.workspace(owner, name).status()).state;

test(
  'The stack makes its first workspace, ends within 30 s on SIGTERM, and the next start brings the workspace back.',
  async () => {
    const first = start('--images', path.join(root, 'images'));
    await first.untilSaid(/^ready /m);
    expect(first.output()).toMatch(/configure: done/);
    await withClient(async (client) => {
      expect(await client.workspace('you', 'first').status()).toMatchObject({
        state: 'running',
        build: { number: 1, failure: null },
      });
    });
    const signalledAt = Date.now();
    expect(await first.end('SIGTERM')).toBe(0);
    expect(Date.now() - signalledAt).toBeLessThan(30_000);

    const again = start('--images', path.join(root, 'images'));
    await again.untilSaid(/^ready /m);
    // Nothing that takes long is done twice.
    expect(again.output()).not.toMatch(/installing|compiling|downloading|building the Temporal CLI/);
    expect(again.output()).toMatch(/you\/first is there already/);
    await withClient(async (client) => {
      const status = () => client.workspace('you', 'first').status();
      await until('the workspace is rebuilt', async () => ((await status()).build?.number ?? 0) > 1);
      await until('the workspace runs again', async () => (await status()).state === 'running');
    });
    expect(await again.end('SIGINT')).toBe(0);
  },
  START_LIMIT_MS,
);

test(
  'After kill -9 of start, server, and worker in the middle of a hook the build ends well, and the hook has run once.',
  async () => {
    const images = makeImageThatWaits();
    const killed = start('--images', images, '--no-first');
    await killed.untilSaid(/^ready /m);
    await withClient((client) => client.create({ owner: 'ada', name: 'dev', image: 'waiting:1' }));
    await until('the hook has begun', () => hookLog().includes('begun'));
    const { server, worker } = readProcesses(dir);
    await killed.end('SIGKILL');
    for (const identity of [server, worker])
      if (identity !== undefined && isAlive(identity.pid)) process.kill(identity.pid, 'SIGKILL');

    const next = start('--images', images, '--no-first');
    await next.untilSaid(/^ready /m);
    writeFileSync(path.join(homes()[0] ?? '', 'go-on'), '');
    await withClient(async (client) => {
      const state = stateOf(client, 'ada', 'dev');
      await until('the build ends', async () => (await state()) !== 'building');
      expect(await client.workspace('ada', 'dev').status()).toMatchObject({
        state: 'running',
        build: { number: 1, failure: null },
      });
    });
    expect(hookLog().match(/begun|ended/g)).toEqual(['begun', 'ended']);
    expect(await next.end('SIGTERM')).toBe(0);
  },
  START_LIMIT_MS,
);

/** An image whose hook goes on only when a file appears in the home, so that the test says when. */
function makeImageThatWaits(): string {
  const images = path.join(folder, 'images');
  const image = path.join(images, 'waiting', '1');
  cpSync(path.join(root, 'images', 'starter', '1'), image, { recursive: true });
  const hook = '#!/bin/sh\necho begun\nuntil [ -e "$HOME/go-on" ]; do sleep 0.2; done\necho ended\n';
  writeFileSync(path.join(image, 'rootfs', 'coder', 'configure'), hook, { mode: 0o755 });
  return images;
}

const homes = (): string[] => {
  const all = path.join(dir, 'homes');
  return readdirSync(all).map((id) => path.join(all, id));
};

function hookLog(): string {
  try {
    return readFileSync(path.join(homes()[0] ?? '', '.perennial', 'logs', 'build-1', 'configure.log'), 'utf8');
  } catch {
    return '';
  }
}
