import path from 'node:path';
import type { PodRef, Runtime } from '../runtime';
import { deleteHome } from './delete-home';
import { endAll } from './end-all';
import { exec } from './exec';
import { lastTerminalInput } from './last-terminal-input';
import { listHomes } from './list-homes';
import { listPods } from './list-pods';
import { createSerializer } from './lock/serialize';
import { observe } from './observe';
import { prepareHome } from './prepare-home';
import { lost } from './process/enter';
import { findIsolation } from './process/isolation';
import { readLog } from './read-log';
import { asFailure } from './runtime-failure';
import { shell } from './shell';
import { startPod } from './start-pod';
import { stopPod } from './stop-pod';
import { checkId, type Layout, layOut } from './store/paths';
import { type PodRecord, readPod } from './store/sandbox-record';

/** The options of a sandbox runtime. */
export interface SandboxOptions {
  /** The folder of all state, DIR. */
  dir: string;
  /** The folder of images. */
  images: string;
  /** `auto`: as well as this machine can. */
  isolation?: 'auto' | 'plain';
}

/**
 * Workspaces as process trees on this machine, with a root of their own where the machine allows that. All state is in DIR and in the
 * system's list of processes, so any number of processes may use one DIR at once, and each may die at any time.
 */
export function createSandboxRuntime(options: SandboxOptions): Runtime & Required<Pick<Runtime, 'endAll'>> {
  const layout = layOut(path.resolve(options.dir));
  const context = { layout, images: path.resolve(options.images), isolation: findIsolation(options.isolation ?? 'auto') };
  const serialize = createSerializer(layout);
  return {
    name: 'sandbox',
    prepareHome: (spec, progress) => serialize(spec.id, progress, async () => ({ identity: await prepareHome(layout, spec) })),
    startPod: (spec, progress) => serialize(spec.id, progress, () => startPod(context, spec)),
    stopPod: (ref, progress) => serialize(ref.id, progress, () => stopPod(layout, ref)),
    deleteHome: (home) => serialize(home.id, null, () => deleteHome(layout, home)),
    endAll: () => asFailure(() => endAll(layout, serialize)),
    exec: async (ref, command, signal) => exec({ ref, pod: await findPod(layout, ref), command, signal }),
    shell: async (ref, request) => shell(ref, await findPod(layout, ref), request),
    lastTerminalInput: (ref) => asFailure(async () => lastTerminalInput(ref, await findPod(layout, ref))),
    observe: (ref) => asFailure(async () => observe(layout, { ...ref, id: checkId(ref.id) })),
    readLog: (log) => asFailure(async () => readLog(layout, { ...log, id: checkId(log.id) })),
    listPods: () => asFailure(() => listPods(layout)),
    listHomes: () => asFailure(() => listHomes(layout)),
    close: async () => {},
  };
}

async function findPod(layout: Layout, ref: PodRef): Promise<PodRecord> {
  const pod = await readPod(layout, { ...ref, id: checkId(ref.id) });
  if (pod?.ready !== true) throw lost(ref);
  return pod;
}
