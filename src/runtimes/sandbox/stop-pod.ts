import { OPEN_FENCE, raiseForStop } from '../fence';
import type { PodRef } from '../runtime';
import { killPod } from './process/kill-tree';
import type { Layout } from './store/paths';
import { listIds, readSandbox, writeSandbox } from './store/sandbox-record';

/**
 * Ends the sandbox of a build or of an older one, and raises the fence, so that no late start makes it again. The caller holds
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

/**
 * Ends every sandbox. Each is marked first, so that whoever finds it dead knows that it was nobody's fault. One that cannot be
 * ended does not keep the others from it.
 */
export async function endAllPods(
  layout: Layout,
  inTurn: (id: string, work: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const ids = await listIds(layout.sandboxes);
  const ends = await Promise.allSettled(ids.map((id) => inTurn(id, () => endPod(layout, id))));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

async function endPod(layout: Layout, id: string): Promise<void> {
  const record = await readSandbox(layout, id);
  if (record === null || record.pod === null) return;
  await writeSandbox(layout, { ...record, pod: { ...record.pod, endedByStack: true } });
  await killPod(layout, record.pod);
}
