/**
 * How long a rebuild of a running workspace takes on a cluster, from its acceptance to `running`, by the workflow's own clock, with
 * secrets and both hooks; alternating with the same change of pods by plain calls on the same cluster.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { V1Pod } from '@kubernetes/client-node';
import type { WorkspaceHandle } from '../../../src/client';
import { claimName, podName } from '../../../src/runtimes/kubernetes/object-names';
import { type Rebuilt, rebuildOnce } from '../rebuild';
import { type Bench, type Line, line, type Measurement, median, medians, ratios, spread } from '../report';
import { type ClusterBenchEnv, openClusterBenchEnv, runningWorkspace } from './cluster-bench-env';
import { isGone, isReady, type PodSight } from './pod-sight';
import { type FloorRound, prepareFloor } from './rebuild-floor';

const ROUNDS = 24;
/** A kubelet looks at its containers once a second: who always came at the same moment of that would always wait as long. */
const KUBELET_PERIOD_MS = 1_000;
const GOAL = 1.15;
const PERSONALIZE = String.raw`printf '#!/bin/sh\necho personalized\n' >personalize && chmod +x personalize`;

export const rebuild: Measurement = {
  name: 'rebuild',
  title: 'From an accepted rebuild to running, on a cluster, against plain calls',
  run: measure,
};

async function measure(bench: Bench): Promise<Line[]> {
  const env = await openClusterBenchEnv(bench);
  try {
    const workspace = await runningWorkspace(env, { name: 'rebuilt' });
    const { id } = await workspace.status();
    const namespace = env.namespaceOf('default');
    const pod = { namespace, name: podName(id) };
    const { core } = env.plain;
    const first = await core.readNamespacedPod(pod);
    const claim = await core.readNamespacedPersistentVolumeClaim({ namespace, name: claimName(id) });
    await prepareHome(env, id);
    // The first round of each is to warm up.
    await rebuildOnce(workspace);
    const later = await core.readNamespacedPod(pod);
    const sight = await env.plain.watch(namespace);
    const floorOnce = await prepareFloor(
      { plain: env.plain, sight, namespace },
      { first, later, claim, preparation: PERSONALIZE },
    );
    await floorOnce();
    bench.say(`rebuilding ${ROUNDS} times, alternating with plain calls`);
    const rounds: { floor: FloorRound; perennial: Rebuilt; changes: Record<string, number> }[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await pause(Math.random() * KUBELET_PERIOD_MS);
      const floor = await floorOnce();
      await pause(Math.random() * KUBELET_PERIOD_MS);
      rounds.push({ floor, ...(await rebuildWatched(workspace, sight, await core.readNamespacedPod(pod))) });
    }
    sight.close();
    return report(rounds);
  } finally {
    await env.close();
  }
}

async function prepareHome({ runtime }: ClusterBenchEnv, id: string): Promise<void> {
  const pod = { id, organization: 'default', build: 1 };
  const { exitCode, stderr } = await runtime.exec(pod, { argv: ['sh', '-c', PERSONALIZE] }, new AbortController().signal);
  if (exitCode !== 0) throw new Error(`~/personalize could not be made: ${stderr}`);
}

/** A rebuild, and when the watch reported the changes of its pods. */
async function rebuildWatched(workspace: WorkspaceHandle, sight: PodSight, { metadata }: V1Pod) {
  const { name = '', uid } = metadata ?? {};
  const isNew = (pod: V1Pod | null) => pod !== null && pod.metadata?.uid !== uid;
  const moments = Promise.all([
    sight.until(name, (pod) => pod?.metadata?.deletionTimestamp !== undefined),
    sight.until(name, isGone),
    sight.until(name, isNew),
    sight.until(name, (pod) => isNew(pod) && isReady(pod)),
  ]);
  const perennial = await rebuildOnce(workspace);
  const [ending, gone, made, ready] = await moments;
  const { startedAt, endedAt } = (await workspace.build()).steps.find((step) => step.name === 'start-pod') ?? {};
  const changes = {
    'old pod ending': ending - Date.parse(startedAt ?? ''),
    gone: gone - ending,
    'new pod made': made - gone,
    ready: ready - made,
    'step ended': Date.parse(endedAt ?? '') - ready,
  };
  return { perennial, changes };
}

function report(rounds: { floor: FloorRound; perennial: Rebuilt; changes: Record<string, number> }[]): Line[] {
  const perennial = rounds.map((round) => round.perennial.totalMs);
  const floor = rounds.map((round) => round.floor.totalMs);
  const each = ratios(perennial, floor);
  return [
    line('rebuild accepted to running', spread(perennial, ' ms')),
    line('the same by plain calls', spread(floor, ' ms')),
    line('ratio', spread(each, '', 2), { text: `at most ${GOAL}`, holds: median(each) <= GOAL }),
    line('ratio of the medians', (median(perennial) / median(floor)).toFixed(2)),
    line('median of each step, ms', medians(rounds.map((round) => round.perennial.steps))),
    line('of start-pod, ms', medians(rounds.map(({ changes }) => changes))),
    line('of the plain calls, ms', medians(rounds.map((round) => round.floor.parts))),
  ];
}
