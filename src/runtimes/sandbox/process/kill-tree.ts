import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RuntimeFailure } from '../../failure';
import type { Layout } from '../store/paths';
import { removeTree } from '../store/remove-tree';
import type { PodRecord } from '../store/sandbox-record';
import { killProcess, sendKill } from './identity';
import { hasSetting, listProcesses } from './table';

const KILL_LIMIT_MS = 20_000;

/** The environment setting by which the processes of a plain sandbox are found, whoever made them. */
export const markOf = (instance: string): { name: string; value: string } => ({ name: 'PERENNIAL_INSTANCE', value: instance });

/** Kills all of a sandbox and waits until it is gone. What is gone already is success. */
export async function killPod(layout: Layout, pod: PodRecord): Promise<void> {
  await killProcess(pod.init);
  // Here all others have ended with the first. A plain tree has nothing that ends it, and what makes a user namespace outlives its
  // recorded first process by a moment.
  if (pod.mode === 'isolated') return;
  const deadline = Date.now() + KILL_LIMIT_MS;
  for (let left = listMembers(pod.instance); left.length > 0; left = listMembers(pod.instance)) {
    for (const pid of left) sendKill(pid);
    if (Date.now() > deadline) {
      throw new RuntimeFailure(
        'RuntimeUnavailable',
        `processes ${left.join(', ')} were killed ${KILL_LIMIT_MS} ms ago and are there still`,
      );
    }
    await delay(2);
  }
  await removeTree(runFolderOf(layout, pod.instance));
}

/** Where the hooks of a plain sandbox keep their state: gone with it, as it is in isolation, so that another pod runs them anew. */
export const runFolderOf = (layout: Layout, instance: string): string => path.join(layout.runs, instance);

/**
 * The processes of a plain sandbox: all that have its mark, and all below them and in the sessions that they lead, which may
 * have dropped it. A session led by another is left alone: it may be that of a terminal from which a shell was opened.
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
