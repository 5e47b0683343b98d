import path from 'node:path';
import { untilAborted } from '../abort';
import type { Runtime } from '../runtime';
import { lost } from './entry';
import { runCommand } from './exec';
import { prepareHome } from './home';
import { readHome } from './home-record';
import { deleteHome } from './home-removal';
import { findIsolation } from './isolation';
import { checkId, layOut, makeFolders } from './layout';
import { withLock } from './lock';
import { readStepLog } from './log';
import { listPod, observePod } from './observation';
import { endAllPods, stopPod } from './pod-end';
import { listIds, readPod, readSandbox } from './pod-record';
import { startPod } from './pod-start';
import { openShell } from './shell';
import { findLastInput } from './terminal';

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
  const locked = <T>(
    id: string,
    work: () => Promise<T>,
    progress: { signal: AbortSignal; waitingFor(sentence: string): void } | null,
  ) => {
    const lock = {
      folder: path.join(layout.locks, checkId(id)),
      signal: progress?.signal ?? null,
      onWait: () => progress?.waitingFor('another step of this workspace that is not over yet'),
    };
    const run = () => makeFolders(layout).then(() => withLock(lock, work));
    return progress === null ? run() : untilAborted(progress.signal, run);
  };
  return {
    name: 'sandbox',
    prepareHome: (spec, progress) => locked(spec.id, async () => ({ identity: await prepareHome(layout, spec) }), progress),
    startPod: (spec, progress) => locked(spec.id, () => startPod(ground, spec), progress),
    stopPod: (ref, progress) => locked(ref.id, () => stopPod(layout, ref), progress),
    deleteHome: (home) => locked(home.id, () => deleteHome(layout, home), null),
    exec: async (ref, command, signal) => runCommand({ ref, pod: await findPod(ref), command, signal }),
    shell: async (ref, command, signal) =>
      openShell({ ref, pod: await findPod(ref), command, terminal: options.terminal ?? 'xterm-256color', signal }),
    lastTerminalInput: async (ref) => findLastInput(ref, await findPod(ref)),
    observe: async (ref) => observePod(layout, { ...ref, id: checkId(ref.id) }),
    readLog: async (log) => readStepLog(layout, { ...log, id: checkId(log.id) }),
    listPods: async () => {
      const records = await readAll(layout.sandboxes, (id) => readSandbox(layout, id));
      return records.map(listPod).filter((pod) => pod !== null);
    },
    listHomes: async () => {
      const records = await readAll(layout.records, (id) => readHome(layout, id));
      return records.map(({ id, owner, name, organization, identity, createdAt, disk }) => ({
        id,
        owner,
        name,
        organization,
        identity,
        createdAt,
        disk,
      }));
    },
    endAll: async () => endAllPods(layout, (id, work) => locked(id, work, null)),
    close: async () => {},
  };

  async function findPod(ref: { id: string; build: number }) {
    const pod = await readPod(layout, { ...ref, id: checkId(ref.id) });
    if (pod?.ready !== true) throw lost(ref);
    return pod;
  }
}

// A record may be removed between the list and the look.
async function readAll<T>(folder: string, read: (id: string) => Promise<T | null>): Promise<T[]> {
  const records = await Promise.all((await listIds(folder)).map(read));
  return records.filter((record) => record !== null) as T[];
}
