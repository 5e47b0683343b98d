/** How long a worker takes to replay a long history of pings sent one by one, beside that of a workflow that only counts them. */
import { Worker } from '@temporalio/worker';
import { BASELINE_QUEUE, bundleBaseline, bundlePerennial, payloadConverterPath } from './bench-env';
import { memoryBenchEnv, runningWorkspace } from './memory-bench-env';
import { type Bench, type Line, line, type Measurement, ratios, spread } from './report';
import { sized } from './size';

/** Below the 4,096 at which the server suggests a new run. */
const EVENTS = sized(4_000, 200);
const REPETITIONS = sized(6, 1);

export const replay: Measurement = { name: 'replay', title: `Replay of a history of ${EVENTS} events, all pings`, run: measure };

interface Recorded {
  workflowId: string;
  history: Parameters<typeof Worker.runReplayHistory>[1];
  events: number;
}

async function measure(bench: Bench): Promise<Line[]> {
  const { perennial, baseline } = await record(bench);
  const perennialOptions = { workflowBundle: await bundlePerennial(), dataConverter: { payloadConverterPath } };
  const baselineOptions = { workflowBundle: await bundleBaseline() };
  bench.say(`replaying ${REPETITIONS} times`);
  const times = { perennial: [] as number[], baseline: [] as number[] };
  for (let round = 0; round < REPETITIONS; round += 1) {
    times.perennial.push(await replayMs(perennialOptions, perennial));
    times.baseline.push(await replayMs(baselineOptions, baseline));
  }
  const perThousand = (all: number[], { events }: Recorded) => all.map((ms) => (ms * 1_000) / events);
  return [
    line(`the whole history (${perennial.events} events)`, spread(times.perennial, ' ms')),
    line('per 1,000 events', spread(perThousand(times.perennial, perennial), ' ms')),
    line('per 1,000 events, counting only', spread(perThousand(times.baseline, baseline), ' ms')),
    line('ratio', spread(ratios(perThousand(times.perennial, perennial), perThousand(times.baseline, baseline)), '', 2)),
  ];
}

/** Pings both, one by one, until both histories are long enough. */
async function record(bench: Bench): Promise<{ perennial: Recorded; baseline: Recorded }> {
  const { temporal } = await memoryBenchEnv(bench);
  const workspace = await runningWorkspace(bench, { name: 'replayed' });
  const counter = await temporal.workflow.start('counter', { workflowId: 'counter/replayed', taskQueue: BASELINE_QUEUE });
  const handle = temporal.workflow.getHandle('workspace/bench/replayed');
  bench.say(`making histories of ${EVENTS} events`);
  const lengthen = async (target: { length: () => Promise<number>; ping: () => Promise<unknown> }) => {
    // What four events a ping leave open after the last look is made up for in small steps.
    for (let open = EVENTS - (await target.length()); open > 0; open = EVENTS - (await target.length())) {
      for (let ping = 0; ping < Math.max(1, Math.floor(open / 4)); ping += 1) await target.ping();
    }
  };
  const length = async (of: typeof handle) => (await of.describe()).historyLength;
  await Promise.all([
    lengthen({ length: () => length(handle), ping: () => workspace.ping({ via: 'bench' }).then(() => workspace.status()) }),
    lengthen({ length: () => length(counter), ping: () => counter.signal('ping', {}).then(() => counter.query('count')) }),
  ]);
  return { perennial: await recordOf(handle), baseline: await recordOf(counter) };
}

async function recordOf(handle: { workflowId: string; fetchHistory(): Promise<unknown> }): Promise<Recorded> {
  const history = (await handle.fetchHistory()) as { events?: unknown[] };
  return { workflowId: handle.workflowId, history, events: history.events?.length ?? 0 };
}

/** From handing the worker a history to its end. The same one goes before it, so that the worker's own start is not in the figure. */
async function replayMs(options: Parameters<typeof Worker.runReplayHistories>[0], recorded: Recorded): Promise<number> {
  const { workflowId, history } = recorded;
  const one = { workflowId, history } as Parameters<typeof Worker.runReplayHistories>[1] extends
    | Iterable<infer H>
    | AsyncIterable<infer H>
    ? H
    : never;
  const results = Worker.runReplayHistories(options, [one, one]);
  const next = async () => {
    const { value } = await results.next();
    if (value?.error) throw value.error;
  };
  await next();
  const startedAt = performance.now();
  await next();
  const ms = performance.now() - startedAt;
  await results.return?.();
  return ms;
}
