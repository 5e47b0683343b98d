import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Runtime } from '../../../src/runtimes/runtime';
import { createSandboxRuntime } from '../../../src/runtimes/sandbox';
import { killProcess } from '../../../src/runtimes/sandbox/process/identity';
import { layOut } from '../../../src/runtimes/sandbox/store/paths';
import { readSandbox } from '../../../src/runtimes/sandbox/store/sandbox-record';
import { until } from '../until';
import type { RuntimeEnv } from './contract';

export type Isolation = 'auto' | 'plain';

export const isRoot = process.getuid?.() === 0;

/** Whether this machine gives isolation to the user of the tests: root has its own kind, others use user namespaces. */
export const canIsolate =
  isRoot || spawnSync('unshare', ['-Ur', '-m', 'sh', '-c', 'mount -t tmpfs tmpfs /tmp'], { stdio: 'ignore' }).status === 0;

/** The kinds of isolation that can be tested here. CI runs the tests as root and as another user, which covers all. */
export const KINDS: Isolation[] = canIsolate ? ['auto', 'plain'] : ['plain'];

/** The uid that the image's user has inside. */
export const uidInside = (isolation: Isolation): number =>
  isRoot || (canIsolate && isolation === 'auto') ? 1000 : (process.getuid?.() ?? 1000);

/** A sandbox runtime with a DIR and images of its own. */
export interface SandboxEnv extends RuntimeEnv {
  runtime: Runtime & { endAll(): Promise<void> };
  root: string;
  dir: string;
  imagesDir: string;
}

/** Makes one; `end` ends its sandboxes, and fails if a process or a mount of it is left. */
export async function makeSandboxEnv(isolation: Isolation, parent = tmpdir()): Promise<SandboxEnv> {
  const root = realpathSync(mkdtempSync(path.join(parent, 'perennial-sandbox-')));
  // Plain sandboxes enter their homes as the image's user.
  chmodSync(root, 0o755);
  const dir = path.join(root, 'state');
  const imagesDir = path.join(root, 'images');
  makeImage({ folder: path.join(imagesDir, 'starter/1') });
  makeImage({ folder: path.join(imagesDir, 'starter/latest'), mark: 'latest' });
  makeImage({ folder: path.join(imagesDir, 'starter/2'), mark: 'two' });
  makeImage({ folder: path.join(imagesDir, 'other/1'), uid: 2000 });
  const make = () => createSandboxRuntime({ dir, images: imagesDir, isolation });
  const runtime = make() as SandboxEnv['runtime'];
  const layout = layOut(dir);
  return {
    runtime,
    another: make(),
    images: { good: 'starter:1', otherUid: isRoot ? 'other:1' : null, missing: 'missing:1' },
    uid: uidInside(isolation),
    root,
    dir,
    imagesDir,
    losePod: async ({ id }) => {
      const pod = (await readSandbox(layout, id))?.pod;
      if (pod) await killProcess(pod.init);
    },
    loseHome: (id) => rename(path.join(layout.homes, id), path.join(root, `lost-${id}`)),
    writeLog: async ({ id, build, step }, text) => {
      const folder = path.join(layout.homes, id, `.perennial/logs/build-${build}`);
      mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, `${step}.log`), text);
    },
    end: async () => {
      await runtime.endAll();
      for (const { id, build } of await runtime.listPods())
        await runtime.stopPod(
          { id, organization: 'default', build },
          { signal: new AbortController().signal, waitingFor: () => {} },
        );
      await until(
        () => `nothing of ${root} is left, and found: ${findTraces(root).join('; ')}`,
        () => findTraces(root).length === 0,
      );
      // Without jest's own words, since benchmarks use this too.
      const left = existsSync(layout.runs) ? readdirSync(layout.runs) : [];
      if (left.length > 0) throw new Error(`expected no folder of a run to be left, and found: ${left.join(', ')}`);
      rmSync(root, { recursive: true });
    },
  };
}

/** Writes a small image. */
export function makeImage({
  folder,
  uid = 1000,
  user = 'coder',
  mark = 'one',
}: {
  folder: string;
  uid?: number;
  user?: string;
  mark?: string;
}): void {
  mkdirSync(path.join(folder, 'rootfs/etc/skel'), { recursive: true });
  mkdirSync(path.join(folder, 'rootfs/opt/image'), { recursive: true });
  writeFileSync(path.join(folder, 'image.json'), JSON.stringify({ user, env: { IMAGE: mark } }));
  writeFileSync(
    path.join(folder, 'rootfs/etc/passwd'),
    `root:x:0:0::/root:/bin/sh\n${user}:x:${uid}:${uid}::/home/${user}:/bin/bash\n`,
  );
  writeFileSync(path.join(folder, 'rootfs/etc/group'), `root:x:0:\n${user}:x:${uid}:\nhelpers:x:4321:${user}\n`);
  writeFileSync(path.join(folder, 'rootfs/etc/skel/.greeting'), 'welcome\n');
  writeFileSync(path.join(folder, 'rootfs/opt/image/mark'), mark);
  const configure = path.join(folder, 'rootfs/coder/configure');
  mkdirSync(path.dirname(configure));
  writeFileSync(configure, '#!/bin/sh\necho "configured as $(id -u)"\necho done >>configured\n', { mode: 0o755 });
}

/** The processes that were started in, or see a mount of, a folder; all but this one. */
export function findTraces(root: string): string[] {
  const seenIn = new Map<string, boolean>();
  // Processes of one mount namespace see the same mounts, and there may be hundreds of both.
  const seesMount = (pid: number) => {
    const namespace = targetOrNothing(`/proc/${pid}/ns/mnt`);
    const sees = seenIn.get(namespace) ?? readOrNothing(`/proc/${pid}/mountinfo`).includes(root);
    if (namespace !== '') seenIn.set(namespace, sees);
    return sees;
  };
  return listPids().flatMap((pid) =>
    readOrNothing(`/proc/${pid}/environ`).includes(root) || seesMount(pid)
      ? [`process ${pid} (${readOrNothing(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').slice(0, 100)})`]
      : [],
  );
}

/** The first processes of the sandboxes that have a home mounted or, in plain mode, as their own. */
export function findInits(home: string): number[] {
  const found = listPids().filter((pid) => {
    const isInit = /^sh\0-c\0(?:while :; do )?sleep 2147483647 & wait/.test(readOrNothing(`/proc/${pid}/cmdline`));
    return isInit && ['environ', 'mountinfo'].some((file) => readOrNothing(`/proc/${pid}/${file}`).includes(home));
  });
  // Its child is still called the same until it has become another program.
  return found.filter((pid) => !found.includes(Number(/\) \S+ (\d+)/.exec(readOrNothing(`/proc/${pid}/stat`))?.[1])));
}

const listPids = (): number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid);

function readOrNothing(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

function targetOrNothing(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return '';
  }
}
