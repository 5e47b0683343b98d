/**
 * Events in the history: for a ping alone, for pings that come together, and for a day of a workspace. The day is a real history
 * driven by its own timers, with an auto-off of one minute in the place of hours: a start, ten accesses in a few seconds, one
 * timer that finds the stop put off, and the auto-off. The reading of the policy 30 s after creation stands for the daily one.
 */
import type { WorkspaceHandle } from '../../src/client';
import { until } from '../support/until';
import { createOrganization, memoryBenchEnv, runningWorkspace } from './memory-bench-env';
import { type Bench, type Line, line, type Measurement, median, spread } from './report';
import { IS_SMALLEST } from './size';

const PINGS = 10;
const EVENTS_OF_A_PING = 4;
/** A timer that finds the stop put off: fired, three of the workflow task, started. */
const EVENTS_OF_A_WAKE = 5;
/** With a threshold of two hours and an access each hour a timer finds the stop put off so often beyond the once of the day below. */
const MORE_WAKES = 5;

export const events: Measurement = { name: 'events', title: 'Events in the history', run: measure };

async function measure(bench: Bench): Promise<Line[]> {
  bench.say('a day with an auto-off of one minute, and pings alone and together');
  const [day, alone, together] = await Promise.all([dayOf(bench), pingsAlone(bench), pingsTogether(bench)]);
  const parts = `start and build ${day.build}, ten accesses ${day.accesses}, timers, policy, and auto-off ${day.rest}`;
  const total = day.build + day.accesses + day.rest;
  return [
    line('a ping sent alone', spread(alone, ' events'), {
      text: `${EVENTS_OF_A_PING}`,
      holds: median(alone) === EVENTS_OF_A_PING,
    }),
    line(`${PINGS} pings sent together, each`, spread(together, ' events', 1), {
      text: 'fewer than alone',
      holds: median(together) < EVENTS_OF_A_PING,
    }),
    line('a day with ten accesses', `${total} events: ${parts}`),
    line(
      'the same with an access each hour, and two hours to auto-off',
      `${total + MORE_WAKES * EVENTS_OF_A_WAKE} events: ${MORE_WAKES} more timers that find the stop put off, computed`,
    ),
  ];
}

async function pingsAlone(bench: Bench): Promise<number[]> {
  const workspace = await runningWorkspace(bench, { name: 'alone' });
  const length = lengthOf(bench, workspace);
  await settled(length);
  const counts: number[] = [];
  for (let ping = 0; ping < PINGS; ping += 1) counts.push(await added(length, () => visiblePing(workspace)));
  return counts;
}

async function pingsTogether(bench: Bench): Promise<number[]> {
  const workspace = await runningWorkspace(bench, { name: 'together' });
  const length = lengthOf(bench, workspace);
  await settled(length);
  const counts: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const burst = () => Promise.all(Array.from({ length: PINGS }, () => workspace.ping()));
    const count = await added(length, async () => {
      await burst();
      await workspace.status();
    });
    counts.push(count / PINGS);
  }
  return counts;
}

async function dayOf(bench: Bench): Promise<{ build: number; accesses: number; rest: number }> {
  await createOrganization(bench, 'day', { autoOff: { after: '1m' } });
  const workspace = await runningWorkspace(bench, { name: 'day', organization: 'day' });
  const is = (state: string) =>
    until(`the day is ${state}`, async () => (await workspace.status()).state === state, { pauseMs: 200 });
  await workspace.stop();
  await is('off');
  const length = lengthOf(bench, workspace);
  await settled(length);
  const build = await added(length, async () => {
    await workspace.start();
    await is('running');
  });
  const accesses = await added(length, async () => {
    for (let ping = 0; ping < PINGS; ping += 1) {
      // Apart, so that each is a workflow task of its own, and the first timer finds the stop put off.
      await new Promise((resolve) => setTimeout(resolve, 500));
      await visiblePing(workspace);
    }
  });
  const rest = IS_SMALLEST ? 0 : await added(length, () => is('off'));
  return { build, accesses, rest };
}

async function visiblePing(workspace: WorkspaceHandle): Promise<void> {
  await workspace.ping({ via: 'bench' });
  // A query is answered after the workflow task of every signal before it.
  await workspace.status();
}

function lengthOf(bench: Bench, { owner, name }: WorkspaceHandle): () => Promise<number> {
  return async () => {
    const { temporal } = await memoryBenchEnv(bench);
    return (await temporal.workflow.getHandle(`workspace/${owner}/${name}`).describe()).historyLength;
  };
}

/** What is still under way would be counted to what comes next. */
async function settled(length: () => Promise<number>): Promise<void> {
  let before = -1;
  await until(
    'the history stands still',
    async () => {
      const now = await length();
      const isSame = now === before;
      before = now;
      return isSame;
    },
    { pauseMs: 500 },
  );
}

async function added(length: () => Promise<number>, work: () => Promise<unknown>): Promise<number> {
  const before = await length();
  await work();
  await settled(length);
  return (await length()) - before;
}
