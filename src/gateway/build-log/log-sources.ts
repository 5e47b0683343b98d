import { setTimeout as pause } from 'node:timers/promises';
import { untilAborted } from '../../hooks/until-aborted';
import type { PodRef, Runtime } from '../../runtimes/runtime';
import type { LogSource } from './masked-log';
import type { ReadValuesSince } from './values';

/** The build whose logs are read. */
export interface LoggedBuild extends PodRef {
  owner: string;
}

/** The source of the log of a step, which throws the signal's reason once its reader needs no more of it. */
export type LogSourceOf = (build: LoggedBuild, step: string, signal: AbortSignal) => LogSource;

/** Null where this process does not hold the runtime. */
export function createLogSources(given: {
  runtime: Runtime | null;
  valuesSince: ReadValuesSince;
  now: () => number;
}): LogSourceOf | null {
  const { runtime, valuesSince, now } = given;
  if (runtime === null) return null;
  return ({ owner, ...pod }, step, signal) => ({
    async read(offset) {
      signal.throwIfAborted();
      return runtime.readLog({ ...pod, step, offset });
    },
    valuesSince: (moment) => valuesSince({ owner, organization: pod.organization }, moment),
    now,
    pause: (durationMs) => untilAborted(signal, () => pause(durationMs)),
  });
}
