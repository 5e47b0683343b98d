/**
 * How long a rebuild of a running workspace takes on the sandbox, from its acceptance to `running`, by the workflow's own clock,
 * so that no asking disturbs it. Beside it the same change of pods by the runtime alone. There are no hooks in the home, so
 * nothing is subtracted for their own time: the figure includes the cost of the polls.
 */

import type { WorkspaceHandle } from '../../src/client';
import type { BuildView } from '../../src/contract/payloads';
import type { PodSpec, Runtime } from '../../src/runtimes/runtime';
import { makeSandboxEnv } from '../support/runtimes/sandbox-env';
import { until } from '../support/until';
import { cleanups, openBenchEnv } from './bench-env';
import { type Bench, type Line, line, type Measurement, median, medians, ratios, spread } from './report';
import { sized } from './size';

const REPETITIONS = sized(12, 1);
const GOAL_MS = 300;

export const rebuild: Measurement = {
  name: 'rebuild',
  title: 'From an accepted rebuild to running, on the sandbox, less the own time of hooks',
  run: measure,
};

async function measure(bench: Bench): Promise<Line[]> {
  const sandbox = await makeSandboxEnv('auto');
  cleanups.add(sandbox.end);
  const env = await openBenchEnv(bench, sandbox.runtime);
  try {
    const workspace = await env.client.create({ owner: 'bench', name: 'rebuilt', image: 'starter:1', by: 'bench' });
    await until('the first build is over', async () => (await workspace.status()).state === 'running', { pauseMs: 100 });
    const startAlone = await prepareStartAlone(sandbox.runtime);
    bench.say(`rebuilding ${REPETITIONS} times`);
    const rounds: (Rebuilt & { startMs: number })[] = [];
    // The first round is to warm up.
    for (let round = 0; round <= REPETITIONS; round += 1) {
      const startMs = await startAlone(round + 2);
      const rebuilt = await rebuildOnce(workspace);
      if (round > 0) rounds.push({ startMs, ...rebuilt });
    }
    return report(rounds);
  } finally {
    await env.close();
    await sandbox.end();
    cleanups.delete(sandbox.end);
  }
}

/** A pod in place of the last one, as a rebuild makes it, without Temporal. */
async function prepareStartAlone(runtime: Runtime): Promise<(build: number) => Promise<number>> {
  const progress = { signal: new AbortController().signal, waitingFor: () => undefined };
  const who = { id: 'bench-alone', owner: 'bench', name: 'alone', organization: 'default' };
  const { identity } = await runtime.prepareHome({ ...who, identity: null, adopt: false, disk: '10Gi' }, progress);
  const resources = { cpu: '1', memory: '2Gi', disk: '10Gi' };
  const start = async (build: number) => {
    const startedAt = performance.now();
    const image = { image: 'starter:1', digest: null };
    const spec: PodSpec = { ...who, build, home: identity, ...image, resources, podSecurity: 'restricted', env: {} };
    await runtime.startPod(spec, progress);
    return performance.now() - startedAt;
  };
  await start(1);
  return start;
}

export interface Rebuilt {
  totalMs: number;
  /** Milliseconds. */
  steps: Record<string, number>;
}

/** From its acceptance to `running`. */
export async function rebuildOnce(workspace: WorkspaceHandle): Promise<Rebuilt> {
  const { build: number } = await workspace.rebuild({ by: 'bench' });
  // Asked rarely: a query takes the worker's time.
  await until(
    'the rebuild is over',
    async () => {
      const { state, build } = await workspace.status();
      return state === 'running' && build?.number === number;
    },
    { pauseMs: 400 },
  );
  const { history } = await workspace.explain();
  const [accepted, finished] = history.slice(-2);
  if (accepted?.to !== 'building' || finished?.to !== 'running') throw new Error('expected building, then running');
  return { totalMs: Date.parse(finished.at) - Date.parse(accepted.at), steps: stepTimes(await workspace.build()) };
}

/** In milliseconds. */
export function stepTimes(build: BuildView): Record<string, number> {
  return Object.fromEntries(
    build.steps.map(({ name, startedAt, endedAt }) => [name, Date.parse(endedAt ?? '') - Date.parse(startedAt ?? '')]),
  );
}

function report(rounds: (Rebuilt & { startMs: number })[]): Line[] {
  const totals = rounds.map(({ totalMs }) => totalMs);
  const alone = rounds.map(({ startMs }) => startMs);
  const goal = { text: `at most ${GOAL_MS} ms`, holds: median(totals) <= GOAL_MS };
  return [
    line('rebuild accepted to running', spread(totals, ' ms'), goal),
    line('the same start by the runtime alone', spread(alone, ' ms')),
    line('ratio', spread(ratios(totals, alone), '', 2)),
    line('median of each step, ms', medians(rounds.map(({ steps }) => steps))),
  ];
}
