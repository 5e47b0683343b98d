import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RuntimeFailure } from '../../failure';
import type { Layout } from '../store/paths';
import { removeTree } from '../store/remove-tree';
import type { PodRecord } from '../store/sandbox-record';
import { identifyProcess, killProcess, notSignalled, sendKill } from './identity';
import { hasSetting, listProcesses } from './table';

const KILL_LIMIT_MS = 20_000;

/** The environment variable that marks the processes of a plain sandbox. */
export const markOf = (instance: string): { name: string; value: string } => ({ name: 'PERENNIAL_INSTANCE', value: instance });

/** Kills all processes of a sandbox and waits until they are gone; none is success. */
export async function killPod(layout: Layout, pod: PodRecord): Promise<void> {
  await killProcess(pod.init);
  // In isolation all others have ended with the first. A plain tree has no process that ends it, and the parent of a user namespace
  // outlives its recorded first process by a moment.
  if (pod.mode === 'isolated') return;
  const deadline = Date.now() + KILL_LIMIT_MS;
  for (let left = listMembers(pod.instance); left.length > 0; left = listMembers(pod.instance)) {
    const refused = left.filter((pid) => !sendKill(pid)).filter((pid) => identifyProcess(pid) !== null);
    if (refused.length > 0) throw notSignalled(refused);
    if (Date.now() > deadline) {
      throw new RuntimeFailure(
        'RuntimeUnavailable',
        `processes ${left.join(', ')} were killed ${KILL_LIMIT_MS} ms ago and still exist`,
      );
    }
    await delay(2);
  }
  if (pod.secrets !== null) await removeTree(pod.secrets);
  await removeTree(runFolderOf(layout, pod.instance));
}

/** Where the hooks of a plain sandbox keep their state. It is removed with the sandbox, as in isolation, so that the next pod runs them. */
export const runFolderOf = (layout: Layout, instance: string): string => path.join(layout.runs, instance);

/**
 * The processes of a plain sandbox: all that have its mark, and their descendants and the members of the sessions that they lead, which
 * may have dropped it. Other sessions are left alone: one may be that of a terminal from which a shell was opened.
 */
export function listMembers(instance: string): number[] {
  const mark = markOf(instance);
  const all = listProcesses();
  const marked = all.filter(({ pid }) => hasSetting(pid, `${mark.name}=${mark.value}`));
  const sessions = new Set(marked.filter(({ pid, session }) => pid === session).map(({ pid }) => pid));
  const members = new Set(marked.map(({ pid }) => pid));
  for (let before = -1; before !== members.size; ) {
    before = members.size;
    for (const entry of all) if (members.has(entry.parent) || sessions.has(entry.session)) members.add(entry.pid);
  }
  return [...members];
}
