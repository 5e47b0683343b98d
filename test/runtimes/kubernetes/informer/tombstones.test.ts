import { createGraves } from '../../../../src/runtimes/kubernetes/informer/tombstones';
import { OURS, podOf } from '../../../support/kubernetes/pod-objects';

const KEEP_MS = 1_000;
const pod = (id: string) => podOf({ name: `ws-${id}`, uid: `uid-${id}`, labels: { ...OURS, 'perennial/id': id } });

test('A pod that vanished is remembered for a while, and no longer, also where nobody ever asks for all of them.', () => {
  let nowMs = 0;
  const graves = createGraves(KEEP_MS, () => nowMs);
  graves.bury(pod('w1'), false);
  nowMs += KEEP_MS - 1;
  graves.bury(pod('w2'), false);
  expect([graves.has(pod('w1')), graves.has(pod('w2'))]).toEqual([true, true]);
  nowMs += 1;
  graves.bury(pod('w3'), true);
  expect(['w1', 'w2', 'w3'].map((id) => graves.has(pod(id)))).toEqual([false, true, true]);
  expect(graves.untold().map(({ metadata }) => metadata?.name)).toEqual(['ws-w2']);
});
