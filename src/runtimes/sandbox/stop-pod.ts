import { OPEN_FENCE, raiseForStop } from '../fence';
import type { PodRef } from '../runtime';
import { killPod } from './process/kill-tree';
import type { Layout } from './store/paths';
import { readSandbox, writeSandbox } from './store/sandbox-record';

/**
 * Ends the sandbox of a build or of an older one, and raises the fence, so that no late start creates it again. The caller holds
 * the workspace's lock.
 */
export async function stopPod(layout: Layout, { id, build }: PodRef): Promise<void> {
  const found = await readSandbox(layout, id);
  const record = found ?? { id, owner: '', name: '', organization: '', fence: OPEN_FENCE, pod: null };
  const isOlder = record.pod !== null && record.pod.build <= build;
  if (record.pod !== null && isOlder) await killPod(layout, record.pod);
  const fence = raiseForStop(record.fence, build);
  await writeSandbox(layout, { ...record, fence, pod: isOlder ? null : record.pod });
}
