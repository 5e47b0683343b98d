import { createPodStore, createTombstones } from '../../../../src/runtimes/kubernetes/informer/pod-store';
import { LABELS, podOf } from '../../../support/kubernetes/pod-objects';

const KEEP_MS = 1_000;
const pod = (id: string) => podOf({ name: `ws-${id}`, uid: `uid-${id}`, labels: { ...LABELS, 'perennial/id': id } });

test('A tombstone is kept for its time and no longer, also where the pods are never listed.', () => {
  let nowMs = 0;
  const tombstones = createTombstones(KEEP_MS, () => nowMs);
  tombstones.add(pod('w1'), false);
  nowMs += KEEP_MS - 1;
  tombstones.add(pod('w2'), false);
  expect([tombstones.has(pod('w1')), tombstones.has(pod('w2'))]).toEqual([true, true]);
  nowMs += 1;
  tombstones.add(pod('w3'), true);
  expect(['w1', 'w2', 'w3'].map((id) => tombstones.has(pod(id)))).toEqual([false, true, true]);
  expect(tombstones.unreported().map(({ metadata }) => metadata?.name)).toEqual(['ws-w2']);
});

test('A pod that ends is not listed once its end is reported; a live pod is, and so is the next pod of its name.', () => {
  const store = createPodStore({ now: () => 0, tombstoneMs: KEEP_MS });
  const names = () => store.pods().map(({ metadata }) => metadata?.uid);
  const labels = { ...LABELS, 'perennial/id': 'w1', 'perennial/build': '3' };
  const of = (uid: string, deleted: boolean) => podOf({ name: 'ws-w1', uid, labels, deleted });
  store.put(of('uid-1', false));
  store.forget('w1', 3);
  expect(names()).toEqual(['uid-1']);
  store.put(of('uid-1', true));
  expect([names(), store.current('ws-w1')?.metadata?.uid]).toEqual([[], 'uid-1']);
  store.remove(of('uid-1', true));
  expect(names()).toEqual([]);
  store.put(of('uid-2', true));
  expect(names()).toEqual(['uid-2']);
});
