/** Trouble for one workspace at one place, while others go on: what makes tables of failures run side by side. */
import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import { RuntimeFailure } from '../../src/runtimes/failure';
import type { FailureType } from '../../src/runtimes/failure-types';
import type { Verb } from '../../src/runtimes/memory';
import type { CommandResult } from '../../src/runtimes/runtime';
import { type Stack, until } from './stack';

/** The steps of a build that do something, and what follows a stop and a purge. */
export type Place = 'admit' | 'prepare-home' | 'start-pod' | 'configure' | 'personalize' | 'stop' | 'purge';

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

/** Lets `disturb` act on this stack: on the verbs of its runtime, on its hooks, and on the query that `admit` asks. */
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
  disturbQueries(stack);
}

/** No verb of a runtime is behind `admit`: it asks the organization, as only the activity of that name does here. */
function disturbQueries(stack: Stack): void {
  const { workflow } = stack.client.temporal;
  const getHandle = workflow.getHandle.bind(workflow) as typeof workflow.getHandle;
  workflow.getHandle = ((...given: Parameters<typeof getHandle>) => {
    const handle = getHandle(...given);
    const query = handle.query.bind(handle) as (...args: unknown[]) => Promise<unknown>;
    const entry = activity()?.activityType === 'admit' ? entryOf('admit') : undefined;
    if (entry) handle.query = ((...args: unknown[]) => disturbed(entry, () => query(...args))) as typeof handle.query;
    return handle;
  }) as typeof workflow.getHandle;
}

async function disturbed<T>(entry: ReturnType<typeof entryOf>, work: () => Promise<T>): Promise<T> {
  const before = begin(entry);
  if (before) throw asClientError(before);
  const call = entry?.calls ?? 0;
  await entry?.trouble.hold?.(call);
  const answer = await work();
  const after = entry?.trouble.late?.(call);
  if (after) throw asClientError(after);
  return answer;
}

function begin(entry: ReturnType<typeof entryOf>): RuntimeFailure | undefined {
  if (!entry) return undefined;
  entry.calls += 1;
  return entry.trouble.fail?.(entry.calls);
}

/** The client says of a missing organization what Temporal says. */
function asClientError(failure: RuntimeFailure): Error {
  return failure.type === 'NotFound' ? new WorkflowNotFoundError(failure.message, 'organization/default', undefined) : failure;
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
