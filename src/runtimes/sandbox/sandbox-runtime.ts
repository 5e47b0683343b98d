import path from 'node:path';
import type { PodRef, Runtime } from '../runtime';
import { deleteHome } from './delete-home';
import { runCommand } from './exec';
import { findLastInput } from './last-terminal-input';
import { takeTurns } from './lock/serialize';
import { listPod, observePod } from './observe';
import { prepareHome } from './prepare-home';
import { lost } from './process/enter';
import { findIsolation } from './process/isolation';
import { readStepLog } from './read-log';
import { asFailure } from './runtime-failure';
import { openShell } from './shell';
import { startPod } from './start-pod';
import { endAllPods, stopPod } from './stop-pod';
import { listHome, readHome } from './store/home-record';
import { checkId, type Layout, layOut } from './store/paths';
import { listIds, type PodRecord, readPod, readSandbox } from './store/sandbox-record';

/** Where sandboxes live and what they are made of. */
export interface SandboxOptions {
  /** All state lies here. */
  dir: string;
  /** The folder of images. */
  images: string;
  /** `auto`: as well as this machine can. */
  isolation?: 'auto' | 'plain';
  /** The kind of terminal that the caller of `shell` has, as in its TERM. */
  terminal?: string;
}

/**
 * Workspaces as process trees on this machine, with a root of their own where it allows. No state is held in this object: all of
 * it is in DIR and in the system's list of processes, so any number of processes may use one DIR at once and each may die at any
 * time.
 */
export function createSandboxRuntime(options: SandboxOptions): Runtime & Required<Pick<Runtime, 'endAll'>> {
  const layout = layOut(path.resolve(options.dir));
  const ground = { layout, images: path.resolve(options.images), isolation: findIsolation(options.isolation ?? 'auto') };
  const terminal = options.terminal ?? 'xterm-256color';
  const inTurn = takeTurns(layout);
  return {
    name: 'sandbox',
    prepareHome: (spec, progress) => inTurn(spec.id, progress, async () => ({ identity: await prepareHome(layout, spec) })),
    startPod: (spec, progress) => inTurn(spec.id, progress, () => startPod(ground, spec)),
    stopPod: (ref, progress) => inTurn(ref.id, progress, () => stopPod(layout, ref)),
    deleteHome: (home) => inTurn(home.id, null, () => deleteHome(layout, home)),
    endAll: () => asFailure(() => endAllPods(layout, (id, work) => inTurn(id, null, work))),
    exec: async (ref, command, signal) => runCommand({ ref, pod: await findPod(layout, ref), command, signal }),
    shell: async (ref, command, signal) => openShell({ ref, pod: await findPod(layout, ref), command, terminal, signal }),
    lastTerminalInput: (ref) => asFailure(async () => findLastInput(ref, await findPod(layout, ref))),
    observe: (ref) => asFailure(async () => observePod(layout, { ...ref, id: checkId(ref.id) })),
    readLog: (log) => asFailure(async () => readStepLog(layout, { ...log, id: checkId(log.id) })),
    listPods: () => asFailure(async () => (await readAll(layout.sandboxes, (id) => readSandbox(layout, id))).flatMap(listPod)),
    listHomes: () => asFailure(async () => (await readAll(layout.records, (id) => readHome(layout, id))).map(listHome)),
    close: async () => {},
  };
}

async function findPod(layout: Layout, ref: PodRef): Promise<PodRecord> {
  const pod = await readPod(layout, { ...ref, id: checkId(ref.id) });
  if (pod?.ready !== true) throw lost(ref);
  return pod;
}

// A record may be removed between the list and the look.
async function readAll<T>(folder: string, read: (id: string) => Promise<T | null>): Promise<NonNullable<T>[]> {
  const records = await Promise.all((await listIds(folder)).map(read));
  return records.filter((record) => record !== null && record !== undefined);
}
