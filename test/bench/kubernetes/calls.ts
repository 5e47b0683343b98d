/**
 * How many calls the runtime makes to the API server: for each build, and for workspaces that run with nobody at them, against the
 * same time with none running. What the one watch of all pods costs is in both.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { WorkspaceHandle } from '../../../src/client';
import { until } from '../lanes';
import { rebuildOnce } from '../rebuild';
import { type Bench, line, type Line, type Measurement } from '../report';
import { type ClusterGround, openClusterGround, runningWorkspace } from './cluster-ground';

const IDLE = 12;
const IDLE_MS = 120_000;
const HOUR_MS = 3_600_000;
/** In which the last words on the last change have come. */
const SETTLE_MS = 5_000;
/** A new list, a new watch, and a list of namespaces come every few minutes each, and so may fall into one of the two times only. */
const OF_THE_WATCH = 3;

type Calls = Map<string, number>;

export const calls: Measurement = { name: 'calls', title: 'Calls to the API server', run: measure };

async function measure(bench: Bench): Promise<Line[]> {
  const ground = await openClusterGround(bench);
  try {
    const fleet: WorkspaceHandle[] = [await runningWorkspace(ground, { name: 'idle0' })];
    bench.say(`building ${IDLE} workspaces, and each once more`);
    const building = await counted(ground, async () => {
      while (fleet.length < IDLE) fleet.push(await runningWorkspace(ground, { name: `idle${fleet.length}` }));
    });
    const rebuilding = await counted(ground, async () => {
      for (const workspace of fleet) await rebuildOnce(workspace);
    });
    const idle = await idleCalls(bench, ground, IDLE);
    for (const workspace of fleet) await workspace.stop({ by: 'bench' });
    for (const workspace of fleet) await until('it is off', async () => (await workspace.status()).state === 'off', 100);
    const none = await idleCalls(bench, ground, 0);
    return report({ building, rebuilding, idle, none });
  } finally {
    await ground.close();
  }
}

async function idleCalls(bench: Bench, ground: ClusterGround, running: number): Promise<Calls> {
  await pause(SETTLE_MS);
  bench.say(`counting for ${IDLE_MS / 1_000} s while ${running} run`);
  return counted(ground, () => pause(IDLE_MS));
}

async function counted({ runtime }: ClusterGround, work: () => Promise<void>): Promise<Calls> {
  const before = new Map(runtime.calls);
  await work();
  const added = [...runtime.calls].map(([call, count]) => [call, count - (before.get(call) ?? 0)] as const);
  return new Map(added.filter(([, count]) => count > 0));
}

function report({ building, rebuilding, idle, none }: { building: Calls; rebuilding: Calls; idle: Calls; none: Calls }): Line[] {
  const more = sum(idle) - sum(none);
  return [
    line('a first build, each', list(building, IDLE - 1)),
    line('a rebuild, each', list(rebuilding, IDLE)),
    line('an idle workspace, each hour, beyond the watch', ((more / IDLE) * (HOUR_MS / IDLE_MS)).toFixed(1), {
      text: `0, but for ${OF_THE_WATCH} calls of the watch`,
      holds: more <= OF_THE_WATCH,
    }),
    line(`in ${IDLE_MS / 1_000} s with ${IDLE} that run`, list(idle, 1)),
    line('in the same time with none', list(none, 1)),
    line('the watch itself, each hour', (((sum(idle) + sum(none)) / 2) * (HOUR_MS / IDLE_MS)).toFixed(0)),
  ];
}

const sum = (all: Calls): number => [...all.values()].reduce((total, count) => total + count, 0);

/** `9 (GET pods 3, POST pods 1, …)` */
function list(all: Calls, times: number): string {
  const show = (count: number) => (count / times).toLocaleString('en', { maximumFractionDigits: 1 });
  const kinds = [...all].sort(([, one], [, two]) => two - one).map(([call, count]) => `${call} ${show(count)}`);
  return `${show(sum(all))}${kinds.length > 0 ? ` (${kinds.join(', ')})` : ''}`;
}
