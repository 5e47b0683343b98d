/** Trouble for one workspace at one place, while others go on: what makes tables of failures run side by side. */
import { Context } from '@temporalio/activity';
import type { WorkspaceHandle } from '../../../src/client';
import type { FailureType } from '../../../src/contract/failure-types';
import { RuntimeFailure } from '../../../src/runtimes/failure';
import type { Verb } from '../../../src/runtimes/memory';
import type { CommandResult } from '../../../src/runtimes/runtime';
import { type Stack, until, untilState } from './temporal-env';

/** The steps of a build that do something, and what follows a stop and a purge. */
export const STEPS = ['admit', 'prepare-home', 'start-pod', 'configure', 'personalize'] as const;
export type Step = (typeof STEPS)[number];
export type Place = Step | 'stop' | 'purge';

/** What happens at the `call`th call of the place, counted from 1: failed before the work, held up before it, failed after it. */
export interface Trouble {
  fail?(call: number): RuntimeFailure | undefined;
  hold?(call: number): Promise<void> | undefined;
  late?(call: number): RuntimeFailure | undefined;
  /** For hooks: what the visit answers. */
  answer?: string;
}

export interface Meter {
  calls(): number;
}

/** The history of a workspace whose first build ended well. */
export const BUILT = ['off→building created', 'building→running build-finished'];
/** A visit to a hook that ran well. */
export const RAN_WELL = 'state ended\nexit 0\nran 5\nreport did: it ran\n';

const PLACES: Partial<Record<Verb, Place>> = {
  prepareHome: 'prepare-home',
  startPod: 'start-pod',
  stopPod: 'stop',
  deleteHome: 'purge',
};
const troubles = new Map<string, { trouble: Trouble; calls: number }>();

/** Makes trouble at one place of `ada/<name>`; without any it only counts the calls. */
export function disturb(name: string, place: Place, trouble: Trouble = {}): Meter {
  const entry = { trouble, calls: 0 };
  troubles.set(`workspace/ada/${name} ${place}`, entry);
  return { calls: () => entry.calls };
}

export function failureOf(type: FailureType, details?: unknown): RuntimeFailure {
  return new RuntimeFailure(type, `${type} as the test wants it`, { details });
}

/** Resolves once the place was called so many times. */
export function untilCalled(meter: Meter, calls = 1): Promise<true> {
  return until(`the place was called ${calls} times`, () => meter.calls() >= calls);
}

/** Lets `disturb` act on this stack: on the verbs of its runtime, on its hooks, and on the reading that `admit` asks for. */
export function openToTrouble(stack: Stack): void {
  const { script } = stack;
  const at = (verb: Verb) => entryOf(PLACES[verb]);
  script.fail = (verb) => begin(at(verb));
  script.hold = (verb) => at(verb)?.trouble.hold?.(at(verb)?.calls ?? 0);
  script.failLate = (verb) => at(verb)?.trouble.late?.(at(verb)?.calls ?? 0);
  script.exec = async (_pod, { argv }): Promise<CommandResult> => {
    const entry = entryOf(argv[3] as Place);
    await disturbed(entry, async () => undefined);
    return { exitCode: 0, stdout: entry?.trouble.answer ?? RAN_WELL, stderr: '' };
  };
  // No verb of a runtime is behind `admit`: it asks the organization.
  script.readPolicy = (query) => (activity()?.activityType === 'admit' ? disturbed(entryOf('admit'), query) : query());
}

/** A build, a stop, and a purge, at one place of which something happens; checks that all of it comes out as if nothing had. */
export async function liveThrough(
  stack: Stack,
  name: string,
  place: Place,
  meanwhile?: (workspace: WorkspaceHandle) => Promise<void>,
): Promise<void> {
  // So few events that pings soon end a run; only where that is wanted.
  const more = name.startsWith('taken-over') ? { continueAsNewAfterEvents: 80 } : {};
  const workspace = await stack.client.create({ owner: 'ada', name, image: 'starter:1', by: 'ada', ...more });
  const during = (STEPS as readonly Place[]).includes(place) ? 'build' : place;
  if (during === 'build') await meanwhile?.(workspace);
  const { id, build } = await untilState(workspace, 'running');
  expect(build?.steps.map(({ state }) => state)).toEqual(['done', 'done', 'done', 'skipped', 'done', 'done']);
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

/** The builds whose pods are there. */
export async function podsOf({ runtime }: Stack, id: string): Promise<number[]> {
  return (await runtime.listPods()).filter((pod) => pod.id === id).map(({ build }) => build);
}

export async function homesOf({ runtime }: Stack, id: string): Promise<number> {
  return (await runtime.listHomes()).filter((home) => home.id === id).length;
}

async function disturbed<T>(entry: ReturnType<typeof entryOf>, work: () => Promise<T>): Promise<T> {
  const before = begin(entry);
  if (before) throw before;
  const call = entry?.calls ?? 0;
  await entry?.trouble.hold?.(call);
  const answer = await work();
  const after = entry?.trouble.late?.(call);
  if (after) throw after;
  return answer;
}

function begin(entry: ReturnType<typeof entryOf>): RuntimeFailure | undefined {
  if (!entry) return undefined;
  entry.calls += 1;
  return entry.trouble.fail?.(entry.calls);
}

function entryOf(place: Place | undefined) {
  return place && troubles.get(`${activity()?.workflowExecution?.workflowId} ${place}`);
}

/** Null outside of activities, where tests themselves call the runtime and the client. */
function activity(): Context['info'] | null {
  try {
    return Context.current().info;
  } catch {
    return null;
  }
}
