/** A morning: all start by their schedules at once, and in the midst of that queue some people start theirs by hand. */
import type { Client } from '@temporalio/client';
import type { WorkspaceHandle } from '../../../src/client';
import { inLanes, until } from '../lanes';
import type { ClusterGround } from './cluster-ground';
import { countIn } from './mass-fleet';

/** In which a new schedule reaches its workspace. */
const AHEAD_MS = 15_000;
const MINUTE_MS = 60_000;

/** Milliseconds after the request was accepted. */
export interface Wait {
  startPodBegan: number;
  running: number;
}

/**
 * Gives each of the scheduled ones the next minute as its time, so that it starts at once, and has those of people started one after
 * the other when a fifth of the scheduled ones run. Resolves when the last person's runs, with how many of the scheduled ones did not.
 */
export async function runMorning(
  ground: ClusterGround,
  given: { organization: string; scheduled: WorkspaceHandle[]; byHand: WorkspaceHandle[]; lanes: number },
): Promise<{ waits: Wait[]; left: number }> {
  const { organization, scheduled, byHand, lanes } = given;
  const countRunning = () => countIn(ground, organization, 'running');
  const before = await countRunning();
  const configuring = inLanes(scheduled.length, lanes, async (index) => {
    const time = new Date(Math.ceil((Date.now() + AHEAD_MS) / MINUTE_MS) * MINUTE_MS).toISOString().slice(11, 16);
    await scheduled[index]?.configure({ autoStart: { time, timeZone: 'UTC' } });
  });
  const isMidst = async () => (await countRunning()) >= before + scheduled.length / 5;
  await Promise.all([configuring, until('a fifth runs', isMidst, 200, 10 * MINUTE_MS)]);
  const waits: Wait[] = [];
  for (const workspace of byHand) {
    await workspace.start({ by: 'bench' });
    await until('it runs', async () => (await workspace.status()).state === 'running', 100);
    waits.push(await readWait(ground.temporal, workspace));
  }
  return { waits, left: before + scheduled.length + byHand.length - (await countRunning()) };
}

type Event = { eventTime?: { seconds?: unknown; nanos?: number | null } | null };
const momentOf = ({ eventTime }: Event): number => Number(eventTime?.seconds) * 1_000 + (eventTime?.nanos ?? 0) / 1e6;

/** By the server's own clock: a step's begin is when an attempt of it was given to a worker. */
async function readWait(temporal: Client, workspace: WorkspaceHandle): Promise<Wait> {
  const { events } = await temporal.workflow.getHandle(`workspace/${workspace.workspace}`).fetchHistory();
  const all = events ?? [];
  const accepted = all.findLast((event) => event.workflowExecutionUpdateAcceptedEventAttributes);
  const scheduled = all.findLast((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'startPod');
  const began = all.find(
    ({ activityTaskStartedEventAttributes: started }) =>
      started && String(started.scheduledEventId) === String(scheduled?.eventId),
  );
  const { endedAt } = await workspace.build();
  if (!accepted || !began || !endedAt) throw new Error(`${workspace.workspace}: expected an accepted start, and a pod`);
  return {
    startPodBegan: momentOf(began) - momentOf(accepted),
    running: Date.parse(endedAt) - momentOf(accepted),
  };
}
