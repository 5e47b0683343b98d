/** What many starts at once come to at the least: the same claims and pods made by plain calls. */
import type { V1PersistentVolumeClaim, V1Pod } from '@kubernetes/client-node';
import { inLanes } from '../lanes';
import type { PlainCluster } from './plain-cluster';
import { copyClaim, copyPod } from './pod-copy';
import { isReady } from './pod-sight';

const EXECS = 200;
const EXEC_LANES = 8;

export interface MassFloor {
  /** From the first call until the last pod is ready. */
  readyMs: number;
  /** Plain commands that the cluster runs in a second. */
  execsPerSecond: number;
}

/** Makes `count` claims and pods, with one call at a time for each lane, and then counts commands; removes nothing. */
export async function measureMassFloor(given: {
  plain: PlainCluster;
  namespace: string;
  count: number;
  lanes: number;
  model: { pod: V1Pod; claim: V1PersistentVolumeClaim };
}): Promise<MassFloor> {
  const { plain, namespace, count, lanes, model } = given;
  const sight = await plain.watch(namespace);
  const name = (index: number) => `floor-${index}`;
  const startedAt = Date.now();
  const ready: Promise<number>[] = [];
  await inLanes(count, lanes, async (index) => {
    const [own, at] = [name(index), { namespace }];
    await plain.core.createNamespacedPersistentVolumeClaim({ ...at, body: copyClaim(model.claim, own) });
    await plain.core.createNamespacedPod({ ...at, body: copyPod(model.pod, { name: own, claimName: own }) });
    ready.push(sight.until(own, isReady));
  });
  const readyAt = Math.max(...(await Promise.all(ready)));
  sight.close();
  const execsFrom = Date.now();
  await inLanes(EXECS, EXEC_LANES, (index) => plain.exec({ namespace, name: name(index % count) }, ['true']));
  return { readyMs: readyAt - startedAt, execsPerSecond: (EXECS / (Date.now() - execsFrom)) * 1_000 };
}
