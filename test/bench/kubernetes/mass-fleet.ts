/** Many workspaces of one organization, and how they are as a whole. */
import os from 'node:os';
import type { WorkspaceHandle } from '../../../src/client';
import { until } from '../../support/until';
import type { BenchEnv } from '../bench-env';
import { inLanes } from '../lanes';
import { stepTimes } from '../rebuild';
import type { ClusterBenchEnv } from './cluster-bench-env';

const LIMIT_MS = 20 * 60_000;

/** How many are in a state, from the search attributes: asking each would take the worker's time from the builds. */
export async function countIn({ temporal }: BenchEnv, organization: string, state: string): Promise<number> {
  const query = `State='${state}' AND Organization='${organization}' AND ExecutionStatus='Running'`;
  return (await temporal.workflow.count(query)).count;
}

/** Rejects when one is in `error`. */
export async function untilAllAre(env: ClusterBenchEnv, fleet: { organization: string; count: number; state: string }) {
  const { organization, count, state } = fleet;
  const areThere = async () => {
    if ((await countIn(env, organization, 'error')) > 0) throw new Error(`a build of ${organization} has failed`);
    return (await countIn(env, organization, state)) >= count;
  };
  await until(`${count} are ${state}`, areThere, { pauseMs: 500, patienceMs: LIMIT_MS });
}

export interface Started {
  /** When the last one was `running`, by its own clock, in epoch milliseconds. */
  lastAt: number;
  /** Milliseconds of each step, for each. */
  steps: Record<string, number>[];
}

/** What the last builds of all say of themselves. */
export async function readStarted(fleet: WorkspaceHandle[]): Promise<Started> {
  const started: Started = { lastAt: 0, steps: [] };
  await inLanes(fleet.length, 10, async (index) => {
    const build = await fleet[index]?.build();
    if (!build?.endedAt) throw new Error('expected a build that has ended');
    started.lastAt = Math.max(started.lastAt, Date.parse(build.endedAt));
    started.steps.push(stepTimes(build));
  });
  return started;
}

/** Processor time from now on, in milliseconds: of this process (client and workers), and of all that the machine does. */
export function measureProcessors(): () => { perennial: number; machine: number; idle: number } {
  const before = { perennial: process.cpuUsage(), machine: machineTimes() };
  return () => {
    const { user, system } = process.cpuUsage(before.perennial);
    const machine = machineTimes();
    return {
      perennial: (user + system) / 1_000,
      machine: machine.busy - before.machine.busy,
      idle: machine.idle - before.machine.idle,
    };
  };
}

function machineTimes(): { busy: number; idle: number } {
  const all = os.cpus().map(({ times }) => times);
  const total = (kind: keyof (typeof all)[number]) => all.reduce((sum, times) => sum + times[kind], 0);
  return { busy: total('user') + total('nice') + total('sys') + total('irq'), idle: total('idle') };
}
