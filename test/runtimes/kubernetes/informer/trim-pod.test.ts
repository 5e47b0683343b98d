import type { V1Pod } from '@kubernetes/client-node';
import { trimPod } from '../../../../src/runtimes/kubernetes/informer/trim-pod';
import { describeStarted, isMadeFor, podManifest } from '../../../../src/runtimes/kubernetes/pod/manifest';
import { describePod, readPodState } from '../../../../src/runtimes/kubernetes/pod/state';
import { CLUSTER_DEFAULTS } from '../../../../src/runtimes/kubernetes/settings';
import { RUNNING } from '../../../support/kubernetes/pod-objects';
import { podSpec } from '../../../support/runtimes/contract-harness';

const FACTS = { digest: null, user: 'coder', uid: 1000, gid: 1000, home: '/home/coder', shell: '/bin/sh' };

/** A pod as a cluster shows it, with all that it, its kubelet, and a mesh have written on it, and much env. */
function grownPod(): V1Pod {
  const spec = podSpec({ build: 3, home: 'uid-1', image: 'a/b:1', env: { BIG: 'x'.repeat(30_000) } });
  const pod = podManifest({ spec, image: 'a/b:1', facts: FACTS, isNew: true, warnings: ['one'], settings: CLUSTER_DEFAULTS });
  const managedFields = Array.from({ length: 5 }, () => ({ manager: 'kubelet', fieldsV1: { f: 'x'.repeat(1_000) } }));
  const metadata = {
    ...pod.metadata,
    uid: 'uid-7',
    managedFields,
    annotations: { ...pod.metadata?.annotations, 'mesh/status': 'x'.repeat(5_000) },
    labels: { ...pod.metadata?.labels, 'mesh/revision': 'one' },
  };
  return { ...pod, metadata, status: RUNNING };
}

test('What is kept of a pod answers every question as the whole one does.', () => {
  const pod = grownPod();
  const lean = trimPod(pod);
  expect(describeStarted(lean)).toEqual(describeStarted(pod));
  expect(describePod(lean)).toEqual(describePod(pod));
  expect(readPodState(lean)).toEqual(readPodState(pod));
  expect(isMadeFor(lean, FACTS)).toBe(true);
});

test('Nothing is kept of who set which field, of the workspace’s variables, and of what others wrote on it.', () => {
  const text = JSON.stringify(trimPod(grownPod()));
  for (const word of ['managedFields', 'mesh/', 'BIG', 'trap']) expect(text).not.toContain(word);
  expect(text.length).toBeLessThan(2_500);
});
