/**
 * How many calls the runtime makes to the API server: for each build, and for idle running workspaces, against the
 * same time with none running. What the one watch of all pods costs is in both.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { WorkspaceHandle } from '../../../src/client';
import { until } from '../../support/until';
import { rebuildOnce } from '../rebuild';
import { type Bench, type Line, line, type Measurement } from '../report';
import { type Calls, countCalls, listCalls, sumCalls } from './call-count';
import { type ClusterBenchEnv, openClusterBenchEnv, runningWorkspace } from './cluster-bench-env';

const IDLE = 12;
const IDLE_MS = 120_000;
const HOUR_MS = 3_600_000;
/** In this time the last events of the last change have arrived. */
const SETTLE_MS = 5_000;
/** A new list, a new watch, and a list of namespaces come every few minutes each, and so may fall into one of the two times only. */
const OF_THE_WATCH = 3;

export const calls: Measurement = { name: 'calls', title: 'Calls to the API server', run: measure };

async function measure(bench: Bench): Promise<Line[]> {
  const env = await openClusterBenchEnv(bench);
  try {
    const fleet: WorkspaceHandle[] = [await runningWorkspace(env, { name: 'idle0' })];
    bench.say(`building ${IDLE} workspaces, and each once more`);
    const building = await countCalls(env.runtime, async () => {
      while (fleet.length < IDLE) fleet.push(await runningWorkspace(env, { name: `idle${fleet.length}` }));
    });
    const rebuilding = await countCalls(env.runtime, async () => {
      for (const workspace of fleet) await rebuildOnce(workspace);
    });
    const idle = await idleCalls(bench, env, IDLE);
    for (const workspace of fleet) await workspace.stop({ by: 'bench' });
    for (const workspace of fleet)
      await until('it is off', async () => (await workspace.status()).state === 'off', { pauseMs: 100 });
    const none = await idleCalls(bench, env, 0);
    return report({ building, rebuilding, idle, none });
  } finally {
    await env.close();
  }
}

async function idleCalls(bench: Bench, env: ClusterBenchEnv, running: number): Promise<Calls> {
  await pause(SETTLE_MS);
  bench.say(`counting for ${IDLE_MS / 1_000} s while ${running} run`);
  return countCalls(env.runtime, () => pause(IDLE_MS));
}

function report({ building, rebuilding, idle, none }: { building: Calls; rebuilding: Calls; idle: Calls; none: Calls }): Line[] {
  const more = sumCalls(idle) - sumCalls(none);
  return [
    line('a first build, each', listCalls(building, IDLE - 1)),
    line('a rebuild, each', listCalls(rebuilding, IDLE)),
    line('an idle workspace, each hour, beyond the watch', ((more / IDLE) * (HOUR_MS / IDLE_MS)).toFixed(1), {
      text: `0, but for ${OF_THE_WATCH} calls of the watch`,
      holds: more <= OF_THE_WATCH,
    }),
    line(`in ${IDLE_MS / 1_000} s with ${IDLE} that run`, listCalls(idle, 1)),
    line('in the same time with none', listCalls(none, 1)),
    line('the watch itself, each hour', (((sumCalls(idle) + sumCalls(none)) / 2) * (HOUR_MS / IDLE_MS)).toFixed(0)),
  ];
}
