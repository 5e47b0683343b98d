import type { WorkerOptions } from '@temporalio/worker';

/** Slots on a busy machine: other work may keep it busy for hours. */
const AT_LEAST = 4;
/**
 * Shares of the machine's processors and memory above which no further start begins. On a machine without free processors Temporal's
 * server, the cluster, and the workers all answer late, which delays every call of a person's build.
 */
const ROOM = { targetCpuUsage: 0.8, targetMemoryUsage: 0.95 };

/** Options for the worker of the starts queue: `atMost` slots, and fewer while the machine is busy. */
export function startSlots(atMost: number): Pick<WorkerOptions, 'tuner'> {
  const slots = { minimumSlots: Math.min(AT_LEAST, atMost), maximumSlots: atMost };
  return { tuner: { tunerOptions: ROOM, activityTaskSlotOptions: slots } };
}
