import type { Serialize } from './lock/serialize';
import { killPod } from './process/kill-tree';
import { listIds } from './store/json-file';
import type { Layout } from './store/paths';
import { readSandbox, writeSandbox } from './store/sandbox-record';

/**
 * Ends every sandbox. Each is marked first, so that its end is not counted against its workspace. A sandbox that cannot be ended does
 * not keep the others running.
 */
export async function endAll(layout: Layout, serialize: Serialize): Promise<void> {
  const ids = await listIds(layout.sandboxes);
  const ends = await Promise.allSettled(ids.map((id) => serialize(id, null, () => endPod(layout, id))));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

async function endPod(layout: Layout, id: string): Promise<void> {
  const record = await readSandbox(layout, id);
  if (record === null || record.pod === null) return;
  await writeSandbox(layout, { ...record, pod: { ...record.pod, endedByStack: true } });
  await killPod(layout, record.pod);
}
