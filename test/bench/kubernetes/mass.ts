/**
 * Very many starts at once, with pods on fake nodes: how long until all run, against bare calls for the same claims and pods; and how
 * long people wait who start theirs by hand while the scheduled ones queue.
 */
import type { WorkspaceHandle } from '../../../src/client';
import { claimName, podName } from '../../../src/runtimes/kubernetes/object-names';
import { cleanups } from '../bench-env';
import { inLanes } from '../lanes';
import { type Bench, type Line, line, type Measurement, median, medians } from '../report';
import { type Calls, countCalls, listCalls } from './call-count';
import {
  type ClusterBenchEnv,
  createOrganization,
  IMAGE,
  openClusterBenchEnv,
  RESOURCES,
  runningWorkspace,
} from './cluster-bench-env';
import { makeFakeNodes } from './fake-nodes';
import { measureEngine } from './mass-engine';
import { measureProcessors, readStarted, type Started, untilAllAre } from './mass-fleet';
import { type MassFloor, measureMassFloor } from './mass-floor';
import { runMorning, type Wait } from './mass-morning';

const COUNT = 1_000;
const PEOPLE = 15;
/** Start slots of the worker, and calls at a time of all that is compared with it. */
const SLOTS = 50;
const ORGANIZATION = 'mass';
const PERSON_GOAL_MS = 5_000;
/** Fake nodes pull nothing, and say no digest of what they run. */
const PINNED_IMAGE = `${IMAGE.replace(/:[^:/]*$/, '')}@sha256:${'0'.repeat(64)}`;

/** `tool`: what made the cluster; null leaves the measurement out. */
export const massOn = (tool: string | null): Measurement => ({
  name: 'mass',
  title: `${COUNT} starts at once with ${SLOTS} start slots, on fake nodes, against bare calls`,
  run: async (bench) =>
    tool === null ? [line('left out', 'there is no tool that gives this cluster fake nodes')] : measure(bench, tool),
});

async function measure(bench: Bench, tool: string): Promise<Line[]> {
  bench.say('building on a runtime in memory');
  const enginePerSecond = await measureEngine(bench, SLOTS);
  const env = await openClusterBenchEnv(bench, { PERENNIAL_START_SLOTS: String(SLOTS) });
  bench.say('making fake nodes');
  const nodes = await makeFakeNodes(tool);
  const end = async () => {
    await env.close();
    await nodes.end();
    cleanups.delete(end);
  };
  cleanups.add(end);
  try {
    const floorNamespace = env.namespaceOf('floor');
    for (const name of [env.namespaceOf(ORGANIZATION), floorNamespace]) await nodes.makeNamespace(name);
    const model = await makeModel(env);
    bench.say(`making ${COUNT} claims and pods by bare calls`);
    const floor = await measureMassFloor({ plain: env.plain, namespace: floorNamespace, count: COUNT, lanes: SLOTS, model });
    bench.say(`ready after ${seconds(floor.readyMs)}; removing them`);
    await env.removeNamespace(floorNamespace);
    bench.say(`starting ${COUNT} workspaces`);
    const { fleet, perennial } = await startAll(env);
    bench.say(`running after ${seconds(perennial.totalMs)}; stopping them`);
    await inLanes(COUNT, SLOTS, async (index) => void (await fleet[index]?.stop({ by: 'bench' })));
    await untilAllAre(env, { organization: ORGANIZATION, count: COUNT, state: 'off' });
    bench.say('starting them by their schedules, and some by hand');
    const people = { scheduled: fleet.slice(PEOPLE), byHand: fleet.slice(0, PEOPLE) };
    const morning = await runMorning(env, { organization: ORGANIZATION, ...people, lanes: SLOTS });
    return report({ enginePerSecond, floor, perennial, morning });
  } finally {
    bench.say('removing all of it');
    await end();
  }
}

/** The pod and the claim of a first build, as the runtime makes them; the image is known from then on. */
async function makeModel(env: ClusterBenchEnv) {
  await createOrganization(env, ORGANIZATION);
  const workspace = await runningWorkspace(env, { name: 'model', organization: ORGANIZATION, image: PINNED_IMAGE });
  const { id } = await workspace.status();
  const namespace = env.namespaceOf(ORGANIZATION);
  const pod = await env.plain.core.readNamespacedPod({ namespace, name: podName(id) });
  const claim = await env.plain.core.readNamespacedPersistentVolumeClaim({ namespace, name: claimName(id) });
  return { pod, claim };
}

interface Measured extends Started {
  totalMs: number;
  askedMs: number;
  calls: Calls;
  processors: { perennial: number; machine: number; idle: number };
}

async function startAll(env: ClusterBenchEnv): Promise<{ fleet: WorkspaceHandle[]; perennial: Measured }> {
  const fleet: WorkspaceHandle[] = [];
  const input = { owner: 'fleet', organization: ORGANIZATION, image: PINNED_IMAGE, resources: RESOURCES, by: 'bench' };
  const [askedAt, readProcessors] = [Date.now(), measureProcessors()];
  let askedMs = 0;
  const calls = await countCalls(env.runtime, async () => {
    await inLanes(COUNT, SLOTS, async (index) => {
      fleet[index] = await env.client.create({ ...input, name: `w${index}` });
    });
    askedMs = Date.now() - askedAt;
    // The model runs too.
    await untilAllAre(env, { organization: ORGANIZATION, count: COUNT + 1, state: 'running' });
  });
  const processors = readProcessors();
  const started = await readStarted(fleet);
  return { fleet, perennial: { ...started, totalMs: started.lastAt - askedAt, askedMs, calls, processors } };
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

interface Results {
  enginePerSecond: number;
  floor: MassFloor;
  perennial: Measured;
  morning: { waits: Wait[]; left: number };
}

function report({ enginePerSecond, floor, perennial, morning }: Results): Line[] {
  const { processors } = perennial;
  const engineMs = (COUNT / enginePerSecond) * 1_000;
  const execs = perennial.calls.get('SOCKET pods/exec') ?? 0;
  const execsMs = (execs / floor.execsPerSecond) * 1_000;
  const began = morning.waits.map(({ startPodBegan }) => startPodBegan);
  const queued = morning.waits.map((wait) => wait.queued);
  const running = morning.waits.map((wait) => wait.running);
  const both = (values: number[]) => `median ${seconds(median(values))}, max ${seconds(Math.max(...values))}`;
  const share = (ms: number) => `${((100 * ms) / (processors.machine + processors.idle)).toFixed(0)} %`;
  return [
    line('all asked to all running', `${seconds(perennial.totalMs)}, asked for within ${seconds(perennial.askedMs)}`),
    line('bare calls, first to all ready', seconds(floor.readyMs)),
    line('ratio', (perennial.totalMs / floor.readyMs).toFixed(2)),
    line('commands that the cluster takes alone', `${floor.execsPerSecond.toFixed(0)} each second`),
    line("Perennial's commands", `${execs}, which alone would take ${seconds(execsMs)}`),
    line('as many builds without a cluster', `${enginePerSecond.toFixed(1)} each second, ${seconds(engineMs)} in all`),
    line('ratio to all three', (perennial.totalMs / (floor.readyMs + execsMs + engineMs)).toFixed(2)),
    line('median of each step, waiting for slots left out, ms', medians(perennial.steps)),
    line('calls to the API server, each', listCalls(perennial.calls, COUNT)),
    line(
      'processors meanwhile',
      `${share(processors.machine)} busy, ${share(processors.perennial)} with our client and workers, the rest with both servers and the pods`,
    ),
    line(
      `a start by hand in the midst of it: its wait in queues (${began.length} times)`,
      `${both(queued)}; ${morning.left} were building when the last had asked`,
      { text: `under ${seconds(PERSON_GOAL_MS)}`, holds: Math.max(...queued) < PERSON_GOAL_MS },
    ),
    line('the same from accepted to its start-pod begun', both(began)),
    line('the same to running', both(running)),
  ];
}
