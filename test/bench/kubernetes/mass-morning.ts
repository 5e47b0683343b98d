/** A morning: all are to be ready by their schedules at one time, and in the midst of that some people start theirs by hand. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { WorkspaceHandle } from '../../../src/client';
import { until } from '../../support/until';
import { inLanes } from '../lanes';
import type { ClusterBenchEnv } from './cluster-bench-env';
import { countIn } from './mass-fleet';

/** No build begins earlier, so that all know their time by then. */
const LEAD_MS = 5 * 60_000;
/** In this time all workspaces get their schedule. */
const TELLING_MS = 180_000;
const MINUTE_MS = 60_000;
/** Each of them is one person; faster than the machine can build, they would only wait for one another. */
const BETWEEN_PEOPLE_MS = 2_000;

/** Milliseconds after the request was accepted. */
export interface Wait {
  /** Of it, in queues for slots: what its steps waited between being asked for and being begun. */
  queued: number;
  startPodBegan: number;
  running: number;
}

/**
 * Gives all of the scheduled ones the same time, and has those of people asked for one after the other when half of the scheduled
 * ones have begun, with no wait for the one before. Resolves when all of people's run, with how many of the begun ones did not
 * when the last person had asked.
 */
export async function runMorning(
  env: ClusterBenchEnv,
  given: { organization: string; scheduled: WorkspaceHandle[]; byHand: WorkspaceHandle[]; lanes: number },
): Promise<{ waits: Wait[]; left: number }> {
  const { organization, scheduled, byHand, lanes } = given;
  const count = (state: string) => countIn(env, organization, state);
  const before = await count('running');
  const time = new Date(Math.ceil((Date.now() + LEAD_MS + TELLING_MS) / MINUTE_MS) * MINUTE_MS).toISOString().slice(11, 16);
  await inLanes(scheduled.length, lanes, async (index) => {
    await scheduled[index]?.configure({ autoStart: { time, timeZone: 'UTC' } });
  });
  const begun = async () => (await count('building')) + (await count('running')) - before;
  await until('half of them have begun', async () => (await begun()) >= scheduled.length / 2, {
    pauseMs: 500,
    patienceMs: 15 * MINUTE_MS,
  });
  for (const workspace of byHand) {
    await workspace.start({ by: 'bench' });
    await pause(BETWEEN_PEOPLE_MS);
  }
  const left = await count('building');
  const waits: Wait[] = [];
  for (const workspace of byHand) {
    // Asked rarely: a query takes the worker's time.
    await until('it runs', async () => (await workspace.status()).state === 'running', {
      pauseMs: 500,
      patienceMs: 10 * MINUTE_MS,
    });
    waits.push(await readWait(env.temporal, workspace));
  }
  return { waits, left };
}

type History = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>;
/** The steps until the pod, in their order. */
const QUEUING = ['admit', 'prepareHome', 'startPod'];

type Event = { eventTime?: { seconds?: unknown; nanos?: number | null } | null };
const momentOf = ({ eventTime }: Event): number => Number(eventTime?.seconds) * 1_000 + (eventTime?.nanos ?? 0) / 1e6;

/** By the server's own clock: a step's begin is when an attempt of it was given to a worker. */
async function readWait(temporal: Client, workspace: WorkspaceHandle): Promise<Wait> {
  const { events } = await temporal.workflow.getHandle(`workspace/${workspace.workspace}`).fetchHistory();
  const all = events ?? [];
  const accepted = all.findLast((event) => event.workflowExecutionUpdateAcceptedEventAttributes);
  const steps = QUEUING.map((name) => lastOf(all, name));
  const { endedAt } = await workspace.build();
  if (!accepted || !endedAt) throw new Error(`${workspace.workspace}: expected an accepted start, and a build that has ended`);
  return {
    queued: steps.reduce((sum, { asked, began }) => sum + began - asked, 0),
    startPodBegan: (steps.at(-1)?.began ?? 0) - momentOf(accepted),
    running: Date.parse(endedAt) - momentOf(accepted),
  };
}

/** When an activity was last asked for, and when that was begun. */
function lastOf(events: History, name: string): { asked: number; began: number } {
  const asked = events.findLast((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === name);
  const began = events.find(
    ({ activityTaskStartedEventAttributes: started }) => started && String(started.scheduledEventId) === String(asked?.eventId),
  );
  if (!asked || !began) throw new Error(`expected that ${name} was begun`);
  return { asked: momentOf(asked), began: momentOf(began) };
}
