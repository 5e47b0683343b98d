/**
 * Pings a second, from the first sent until queries show the last of each workspace, against a workflow that only counts. Both
 * get the same payload, from the same client in this process; the sides take turns. Workspaces answer their whole status.
 */

import { until } from '../support/until';
import { BASELINE_QUEUE } from './bench-env';
import { inLanes } from './lanes';
import { FLEET_SIZE, fleetOf, memoryBenchEnv } from './memory-bench-env';
import { type Bench, type Line, line, type Measurement, median, ratios, spread } from './report';
import { sized } from './size';

const REPETITIONS = sized(5, 1);
const IN_FLIGHT = 50;
const GOAL = 0.9;
/** Workspaces at once, and pings to each. */
const LOADS = [
  { workspaces: 1, pings: sized(200, 10) },
  { workspaces: sized(50, 5), pings: sized(8, 2) },
  { workspaces: FLEET_SIZE, pings: 2 },
];

export const ping: Measurement = {
  name: 'ping',
  changesFleet: true,
  title: `Pings made visible, against a workflow that only counts (${IN_FLIGHT} requests in flight)`,
  run: measure,
};

/** Either of what is compared. */
interface Side {
  send(index: number, at: string): Promise<void>;
  /** Whether all pings sent so far are seen. */
  hasSeen(index: number): Promise<boolean>;
}

async function measure(bench: Bench): Promise<Line[]> {
  const perennial = await workspaces(bench);
  const baseline = await counters(bench);
  const lines: Line[] = [];
  for (const load of LOADS) {
    bench.say(`pinging ${load.workspaces} at once`);
    const rates = { perennial: [] as number[], baseline: [] as number[] };
    // The first round is to warm up. Who begins changes from round to round.
    for (let round = 0; round <= REPETITIONS; round += 1) {
      const sides = [
        { side: perennial, into: rates.perennial },
        { side: baseline, into: rates.baseline },
      ];
      for (const { side, into } of round % 2 === 0 ? sides : sides.reverse()) {
        // Each round pings another workspace, so that no history grows long.
        const rate = await pingsPerSecond(side, { ...load, first: load.workspaces === 1 ? round : 0 });
        if (round > 0) into.push(rate);
      }
    }
    lines.push(...report(load.workspaces, rates));
  }
  return lines;
}

async function pingsPerSecond(side: Side, load: { workspaces: number; pings: number; first: number }): Promise<number> {
  const { workspaces: count, pings, first } = load;
  const startedAt = performance.now();
  await inLanes(count * pings, IN_FLIGHT, (index) => side.send(first + (index % count), nextInstant()));
  await inLanes(count, IN_FLIGHT, (index) => until('the pings are seen', () => side.hasSeen(first + index), { pauseMs: 1 }));
  return (count * pings * 1_000) / (performance.now() - startedAt);
}

let instant = Date.now() - 3_600_000;
/** Rising, and in the past: a workspace takes a ping only when it is later than the last, and never one of the future. */
function nextInstant(): string {
  instant += 1;
  return new Date(instant).toISOString();
}

async function workspaces(bench: Bench): Promise<Side> {
  const fleet = await fleetOf(bench);
  const last = new Map<number, string>();
  return {
    send: (index, at) => {
      last.set(index, at);
      return fleet[index]?.ping({ via: 'bench', at }) ?? Promise.reject(new Error(`there is no workspace ${index}`));
    },
    hasSeen: async (index) => (await fleet[index]?.status())?.autoOff.lastAccess?.at === last.get(index),
  };
}

async function counters(bench: Bench): Promise<Side> {
  const { temporal } = await memoryBenchEnv(bench);
  const handles = Array.from({ length: FLEET_SIZE }, (_, index) => temporal.workflow.getHandle(`counter/${index}`));
  await inLanes(FLEET_SIZE, 20, async (index) => {
    await temporal.workflow.start('counter', { workflowId: `counter/${index}`, taskQueue: BASELINE_QUEUE });
    await handles[index]?.query('count');
  });
  const sent = new Map<number, number>();
  return {
    send: async (index, at) => {
      sent.set(index, (sent.get(index) ?? 0) + 1);
      await handles[index]?.signal('ping', { via: 'bench', at });
    },
    hasSeen: async (index) => (await handles[index]?.query('count')) === sent.get(index),
  };
}

function report(count: number, { perennial, baseline }: { perennial: number[]; baseline: number[] }): Line[] {
  const ratio = ratios(perennial, baseline);
  const whom = count === 1 ? '1 workspace' : `${count} workspaces`;
  return [
    line(`${whom}: ratio`, spread(ratio, '', 2), { text: `at least ${GOAL}`, holds: median(ratio) >= GOAL }),
    line(`${whom}: pings a second, Perennial`, spread(perennial, '')),
    line(`${whom}: pings a second, counting only`, spread(baseline, '')),
  ];
}
