import type { WorkerOptions } from '@temporalio/worker';

/** Promised at any time: other work may keep the machine busy for hours, and a start that waits for a node keeps its slot meanwhile. */
const AT_LEAST = 4;
/**
 * Parts of the machine's processors and memory beyond which no more starts are begun. Where the processors are used up, Temporal's
 * server, the cluster, and the workers all answer late, and the start of a person who comes then waits at each of a build's many calls.
 */
const ROOM = { targetCpuUsage: 0.8, targetMemoryUsage: 0.95 };

/** Options for the worker of the starts queue: so many at once at most, and fewer while the machine is busy. */
export function startSlots(atMost: number): Pick<WorkerOptions, 'tuner'> {
  const slots = { minimumSlots: Math.min(AT_LEAST, atMost), maximumSlots: atMost };
  return { tuner: { tunerOptions: ROOM, activityTaskSlotOptions: slots } };
}
