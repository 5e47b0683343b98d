/**
 * How late auto-offs are that fall due in one second, against bare timers of as many workflows on the same server. Lateness is
 * the begin of the workflow task that the timer led to, less the instant due, both in the server's and the workflow's clock,
 * which are one here. A stop is decided only after a last look at the terminals, an activity; so its lateness is compared with that of
 * bare timers each of which is followed by an activity that does nothing.
 */
import type { WorkspaceHandle } from '../../src/client';
import { until } from '../support/until';
import { BASELINE_QUEUE } from './bench-env';
import { inLanes } from './lanes';
import { FLEET_ORGANIZATIONS, FLEET_SIZE, fleetOf, memoryBenchEnv } from './memory-bench-env';
import { type Bench, type Line, line, type Measurement, median } from './report';
import { sized } from './size';

const AFTER_MS = 60_000;
const GOAL = 1.2;
/** In which the timers armed before the pings have fired, well before the instant that is measured. */
const REST_MS = sized(10_000, 0);
/** In which the sleepers are started. */
const BARE_AHEAD_MS = sized(25_000, 3_000);

export const autoOff: Measurement = {
  name: 'auto-off',
  changesFleet: true,
  title: `Lateness of ${FLEET_SIZE} auto-offs due at one instant, against ${FLEET_SIZE} bare timers`,
  run: measure,
};

async function measure(bench: Bench): Promise<Line[]> {
  const fleet = await fleetOf(bench);
  const dueAt = await fallDueTogether(bench, fleet);
  bench.say('bare timers, before');
  const bare = await bareLateness(bench, 'sleeper', 'before');
  bench.say('waiting for the auto-offs');
  const { noticed, decided } = await autoOffLateness(bench, fleet, dueAt);
  bench.say('bare timers, after, and those with an activity');
  bare.push(...(await bareLateness(bench, 'sleeper', 'after')));
  const acted = await bareLateness(bench, 'actingSleeper', 'after');
  const overall = (of: (values: number[]) => number, [measured, bare]: [number[], number[]]) => of(measured) / of(bare);
  const ratio = (both: [number[], number[]]) =>
    `median ${overall(median, both).toFixed(2)}, max ${overall((values) => Math.max(...values), both).toFixed(2)}`;
  return [
    line('a due auto-off is seen', summary(noticed)),
    line('a bare timer (once before, once after)', summary(bare)),
    line('ratio', ratio([noticed, bare])),
    line('the stop is decided, after the last look', summary(decided)),
    line('a bare timer and an activity that does nothing', summary(acted)),
    line('ratio', ratio([decided, acted]), {
      text: `at most ${GOAL} in the median`,
      holds: overall(median, [decided, acted]) <= GOAL,
    }),
  ];
}

const summary = (values: number[]) =>
  `median ${median(values).toFixed(0)} ms, max ${Math.max(...values).toFixed(0)} ms (min ${Math.min(...values).toFixed(0)}, ${values.length} timers)`;

/** Makes the threshold one minute, and gives all workspaces an access at one instant. */
async function fallDueTogether(bench: Bench, fleet: WorkspaceHandle[]): Promise<number> {
  const { client } = await memoryBenchEnv(bench);
  bench.say('pushing a threshold of one minute');
  const change = { autoOff: { after: '1m' } };
  await Promise.all(FLEET_ORGANIZATIONS.map((name) => client.organization(name).setPolicy(change)));
  await inLanes(fleet.length, 20, (index) =>
    until('the policy is there', async () => (await fleet[index]?.status())?.autoOff.after === '1m', { pauseMs: 200 }),
  );
  await new Promise((resolve) => setTimeout(resolve, REST_MS));
  const usedAt = Date.now();
  await inLanes(fleet.length, 50, async (index) => fleet[index]?.ping({ via: 'bench', at: new Date(usedAt).toISOString() }));
  return usedAt + AFTER_MS;
}

async function bareLateness(bench: Bench, type: 'sleeper' | 'actingSleeper', round: string): Promise<number[]> {
  const { temporal } = await memoryBenchEnv(bench);
  const dueAt = Date.now() + BARE_AHEAD_MS;
  const ids = Array.from({ length: FLEET_SIZE }, (_, index) => `${type}/${round}/${index}`);
  await inLanes(FLEET_SIZE, 20, async (index) => {
    await temporal.workflow.start(type, { workflowId: ids[index] ?? '', taskQueue: BASELINE_QUEUE, args: [dueAt] });
  });
  if (Date.now() > dueAt) throw new Error(`${FLEET_SIZE} workflows could not be started within ${BARE_AHEAD_MS} ms`);
  await new Promise((resolve) => setTimeout(resolve, dueAt - Date.now() + 3_000));
  const late: number[] = [];
  await inLanes(FLEET_SIZE, 20, async (index) => {
    late.push((await temporal.workflow.getHandle(ids[index] ?? '').result()) as number);
  });
  return late;
}

async function autoOffLateness(bench: Bench, fleet: WorkspaceHandle[], dueAt: number) {
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueAt - Date.now() + sized(10_000, 1_000))));
  const [noticed, decided]: [number[], number[]] = [[], []];
  await inLanes(fleet.length, 10, async (index) => {
    const workspace = fleet[index];
    if (!workspace) return;
    // While all stop at once the server answers some too late.
    const isOff = () =>
      workspace.status().then(
        ({ state }) => state === 'off',
        () => false,
      );
    await until('it is off', isOff, { pauseMs: 500 });
    const entry = (await workspace.explain()).history.findLast(({ cause, to }) => cause === 'auto-off' && to === 'turning-off');
    decided.push(Date.parse(entry?.at ?? '') - dueAt);
    noticed.push((await seenAt(bench, workspace, dueAt)) - dueAt);
  });
  return { noticed, decided };
}

/** The begin of the first workflow task at the instant due or later that a timer led to. On a busy machine an earlier timer may. */
async function seenAt(bench: Bench, { owner, name }: WorkspaceHandle, dueAt: number): Promise<number> {
  const { temporal } = await memoryBenchEnv(bench);
  const { events } = await temporal.workflow.getHandle(`workspace/${owner}/${name}`).fetchHistory();
  let hasFired = false;
  for (const { eventTime, timerFiredEventAttributes, workflowTaskStartedEventAttributes } of events ?? []) {
    if (timerFiredEventAttributes) hasFired = true;
    if (!workflowTaskStartedEventAttributes) continue;
    const at = Number(eventTime?.seconds) * 1_000 + (eventTime?.nanos ?? 0) / 1e6;
    if (hasFired && at >= dueAt) return at;
    hasFired = false;
  }
  throw new Error(`${name}: expected a workflow task at ${new Date(dueAt).toISOString()} or later that a timer led to`);
}
