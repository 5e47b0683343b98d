/** How long a worker takes to replay a long history of pings sent one by one, beside that of a workflow that only counts them. */
import { Worker } from '@temporalio/worker';
import { BASELINE_QUEUE, bundleBaseline, bundleOurs, payloadConverterPath } from './bench-env';
import { memoryGround, runningWorkspace } from './memory-bench-env';
import { type Bench, type Line, line, type Measurement, ratios, spread } from './report';

/** Below the 4,096 at which the server suggests a new run. */
const EVENTS = 4_000;
const REPETITIONS = 6;

export const replay: Measurement = { name: 'replay', title: `Replay of a history of ${EVENTS} events, all pings`, run: measure };

interface Recorded {
  workflowId: string;
  history: Parameters<typeof Worker.runReplayHistory>[1];
  events: number;
}

async function measure(bench: Bench): Promise<Line[]> {
  const { ours, theirs } = await record(bench);
  const ourOptions = { workflowBundle: await bundleOurs(), dataConverter: { payloadConverterPath } };
  const theirOptions = { workflowBundle: await bundleBaseline() };
  bench.say(`replaying ${REPETITIONS} times`);
  const times = { ours: [] as number[], theirs: [] as number[] };
  for (let round = 0; round < REPETITIONS; round += 1) {
    times.ours.push(await replayMs(ourOptions, ours));
    times.theirs.push(await replayMs(theirOptions, theirs));
  }
  const perThousand = (all: number[], { events }: Recorded) => all.map((ms) => (ms * 1_000) / events);
  return [
    line(`the whole history (${ours.events} events)`, spread(times.ours, ' ms')),
    line('per 1,000 events', spread(perThousand(times.ours, ours), ' ms')),
    line('per 1,000 events, counting only', spread(perThousand(times.theirs, theirs), ' ms')),
    line('ratio', spread(ratios(perThousand(times.ours, ours), perThousand(times.theirs, theirs)), '', 2)),
  ];
}

/** Pings both, one by one, until both histories are long enough. */
async function record(bench: Bench): Promise<{ ours: Recorded; theirs: Recorded }> {
  const { temporal } = await memoryGround(bench);
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
  return { ours: await recordOf(handle), theirs: await recordOf(counter) };
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
