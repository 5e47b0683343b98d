import { setTimeout as pause } from 'node:timers/promises';
import type { PodRef, Runtime } from '../../runtimes/runtime';
import type { LogSource } from './masked-log';
import type { ReadValuesSince } from './values';

/** The build whose logs are read. */
export interface LoggedBuild extends PodRef {
  owner: string;
}

/** The source of the log of a step. */
export type LogSourceOf = (build: LoggedBuild, step: string) => LogSource;

/** Null where this process does not hold the runtime. */
export function createLogSources(given: {
  runtime: Runtime | null;
  valuesSince: ReadValuesSince;
  now: () => number;
}): LogSourceOf | null {
  const { runtime, valuesSince, now } = given;
  if (runtime === null) return null;
  return ({ owner, ...pod }, step) => ({
    read: (offset) => runtime.readLog({ ...pod, step, offset }),
    valuesSince: (moment) => valuesSince({ owner, organization: pod.organization }, moment),
    now,
    pause: (durationMs) => pause(durationMs),
  });
}
