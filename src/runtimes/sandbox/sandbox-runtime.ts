import path from 'node:path';
import type { PodRef, Runtime } from '../runtime';
import { lost } from './entry';
import { runCommand } from './exec';
import { asFailure } from './failure-of';
import { prepareHome } from './home';
import { listHome, readHome } from './home-record';
import { deleteHome } from './home-removal';
import { findIsolation } from './isolation';
import { checkId, type Layout, layOut } from './layout';
import { readStepLog } from './log';
import { listPod, observePod } from './observation';
import { endAllPods, stopPod } from './pod-end';
import { listIds, type PodRecord, readPod, readSandbox } from './pod-record';
import { startPod } from './pod-start';
import { openShell } from './shell';
import { findLastInput } from './terminal';
import { takeTurns } from './turns';

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
