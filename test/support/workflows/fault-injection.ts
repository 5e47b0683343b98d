/** Injects faults into one workspace at one point, so that the rows of a failure table run concurrently on one stack. */
import { Context } from '@temporalio/activity';
import type { WorkspaceHandle } from '../../../src/client';
import type { FailureType } from '../../../src/contract/failure-types';
import { RuntimeFailure } from '../../../src/runtimes/failure';
import type { Verb } from '../../../src/runtimes/memory';
import type { CommandResult } from '../../../src/runtimes/runtime';
import { until } from '../until';
import { type Stack, untilState } from './temporal-env';

/** The steps of a build that have an activity. */
export const STEPS = ['admit', 'prepare-home', 'start-pod', 'inject-secrets', 'configure', 'personalize'] as const;
export type Step = (typeof STEPS)[number];
/** A point at which a fault is injected: a step, or the activity of a stop or a purge. */
export type FaultPoint = Step | 'stop' | 'purge';

/** What happens at the `call`th call of the point, counted from 1. */
export interface Fault {
  /** Fails the call before its work. */
  fail?(call: number): RuntimeFailure | undefined;
  /** Delays the call before its work. */
  hold?(call: number): Promise<void> | undefined;
  /** Fails the call after its work. */
  late?(call: number): RuntimeFailure | undefined;
  /** For hooks: the answer of the poll. */
  answer?: string;
}

export interface CallCount {
  calls(): number;
}

/** The length of a run at which `liveThrough` has it handed over, where that is wanted. */
export const HAND_OVER_AFTER_EVENTS = 80;
/** The history of a workspace whose first build ended well. */
export const BUILT = ['off→building created', 'building→running build-finished'];
/** The poll of a hook that exited with 0. */
export const RAN_WELL = 'state ended\nexit 0\nran 5\nreport did: it ran\n';

const POINTS: Partial<Record<Verb, FaultPoint>> = {
  prepareHome: 'prepare-home',
  startPod: 'start-pod',
  stopPod: 'stop',
  deleteHome: 'purge',
};
const faults = new Map<string, { fault: Fault; calls: number }>();

/** Injects a fault at one point of `ada/<name>`; without a fault it only counts the calls. */
export function injectFault(name: string, point: FaultPoint, fault: Fault = {}): CallCount {
  const entry = { fault, calls: 0 };
  faults.set(`workspace/ada/${name} ${point}`, entry);
  return { calls: () => entry.calls };
}

export function failureOf(type: FailureType, details?: unknown): RuntimeFailure {
  return new RuntimeFailure(type, `${type} as injected`, { details });
}

/** Resolves when the point was called this often. */
export function untilCalled(count: CallCount, calls = 1): Promise<true> {
  return until(`the fault point was called ${calls} times`, () => count.calls() >= calls);
}

/** Lets `injectFault` act on this stack: on the verbs of its runtime, on its hooks, and on the policy read of `admit`. */
export function enableFaultInjection(stack: Stack): void {
  const { overrides } = stack;
  const at = (verb: Verb) => entryOf(POINTS[verb]);
  overrides.fail = (verb) => begin(at(verb));
  overrides.hold = (verb) => at(verb)?.fault.hold?.(at(verb)?.calls ?? 0);
  overrides.failLate = (verb) => at(verb)?.fault.late?.(at(verb)?.calls ?? 0);
  overrides.exec = async (_pod, { argv }): Promise<CommandResult> => {
    const entry = entryOf(argv[3] as FaultPoint);
    await injected(entry, async () => undefined);
    return { exitCode: 0, stdout: entry?.fault.answer ?? RAN_WELL, stderr: '' };
  };
  // `admit` calls no verb of the runtime: it queries the organization.
  overrides.readPolicy = (query) => (activity()?.activityType === 'admit' ? injected(entryOf('admit'), query) : query());
}

/** A build, a stop, and a purge, at one place of which something happens; checks that all of it comes out as if nothing had. */
export async function liveThrough(
  stack: Stack,
  name: string,
  place: FaultPoint,
  meanwhile?: (workspace: WorkspaceHandle) => Promise<void>,
): Promise<void> {
  // A low number of events, so that pings soon end a run; only for tests of a hand-over.
  const more = name.startsWith('taken-over') ? { continueAsNewAfterEvents: HAND_OVER_AFTER_EVENTS } : {};
  const workspace = await stack.client.create({ owner: 'ada', name, image: 'starter:1', by: 'ada', ...more });
  const during = (STEPS as readonly FaultPoint[]).includes(place) ? 'build' : place;
  if (during === 'build') await meanwhile?.(workspace);
  const { id, build } = await untilState(workspace, 'running');
  expect(build?.steps.map(({ state }) => state)).toEqual([
    'done',
    'done',
    'done',
    stack.secrets ? 'done' : 'skipped',
    'done',
    'done',
  ]);
  expect([build?.number, await podsOf(stack, id), await homesOf(stack, id)]).toEqual([1, [1], 1]);
  if (during === 'build') return expect(await pathOf(workspace)).toEqual(BUILT);
  await workspace.stop();
  if (during === 'stop') await meanwhile?.(workspace);
  await untilState(workspace, 'off');
  expect(await pathOf(workspace, 2)).toEqual(['running→turning-off manual-stop', 'turning-off→off manual-stop']);
  expect([await podsOf(stack, id), await homesOf(stack, id)]).toEqual([[], 1]);
  if (during === 'stop') return;
  await workspace.delete({ purge: true });
  await meanwhile?.(workspace);
  expect(await stack.client.temporal.workflow.getHandle(`workspace/ada/${name}`).result()).toMatchObject({ state: 'purged' });
  expect(await homesOf(stack, id)).toBe(0);
}

/** The history of its states, from the given entry on. */
export async function pathOf(workspace: WorkspaceHandle, from = 0): Promise<string[]> {
  const { history } = await workspace.explain();
  return history.slice(from).map((entry) => `${entry.from}→${entry.to} ${entry.cause}`);
}

/** The builds whose pods exist. */
export async function podsOf({ runtime }: Stack, id: string): Promise<number[]> {
  return (await runtime.listPods()).filter((pod) => pod.id === id).map(({ build }) => build);
}

export async function homesOf({ runtime }: Stack, id: string): Promise<number> {
  return (await runtime.listHomes()).filter((home) => home.id === id).length;
}

async function injected<T>(entry: ReturnType<typeof entryOf>, work: () => Promise<T>): Promise<T> {
  const before = begin(entry);
  if (before) throw before;
  const call = entry?.calls ?? 0;
  await entry?.fault.hold?.(call);
  const answer = await work();
  const after = entry?.fault.late?.(call);
  if (after) throw after;
  return answer;
}

function begin(entry: ReturnType<typeof entryOf>): RuntimeFailure | undefined {
  if (!entry) return undefined;
  entry.calls += 1;
  return entry.fault.fail?.(entry.calls);
}

function entryOf(point: FaultPoint | undefined) {
  return point && faults.get(`${activity()?.workflowExecution?.workflowId} ${point}`);
}

/** Null outside of activities, where tests themselves call the runtime and the client. */
function activity(): Context['info'] | null {
  try {
    return Context.current().info;
  } catch {
    return null;
  }
}
