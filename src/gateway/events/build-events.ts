import { setTimeout as pause } from 'node:timers/promises';
import { type PendingStep, RequestFailure, type WorkspaceHandle } from '../../client';
import type { BuildView, StepView } from '../../contract/payloads';
import { untilAborted } from '../../hooks/until-aborted';
import { digestOf, type Progress, progressOf } from './event-id';
import { createStepLogs, type OutputEvent, type StepLogs } from './step-logs';
import { type SeenBuild, watchBuild } from './watch-build';

/** An event of a build. The names of events and fields are part of the gateway's interface. */
export type BuildEvent =
  /** A step has changed; what it waits for is null unless it runs. */
  | { event: 'step'; data: StepView & { build: number; waitingFor: string | null } }
  | OutputEvent
  /** The build was replaced; the events that follow are of the other one. */
  | { event: 'replaced'; data: { build: number; by: number } }
  /** The build has ended; nothing follows. */
  | { event: 'end'; data: BuildView };

/** An event, and how far a reader has come that has got it. */
export interface ProgressedEvent {
  event: BuildEvent;
  progress: Progress;
}

export interface BuildEventSource {
  handle: WorkspaceHandle;
  /** The logs of a build; null where this process does not hold the runtime. */
  logsOf: ((build: number) => StepLogs) | null;
  signal: AbortSignal;
}

const POLL_MS = 500;

/**
 * The events of a build from a point on, until it has ended. What a step prints comes before the event of its end. An event is made only
 * when the caller asks for the next one.
 * @throws RequestFailure when the workspace or its server no longer answers; the signal's reason
 */
export async function* buildEvents(source: BuildEventSource, from: Progress): AsyncGenerator<ProgressedEvent> {
  const { handle, signal } = source;
  const reader = createReader(source, from);
  const watcher = watchBuild(handle, from.build);
  try {
    for (;;) {
      for (let by = watcher.replacement(); by !== null; by = watcher.replacement()) yield* reader.moveTo(by);
      const seen = await watcher.latest(signal);
      if (seen?.build.number === reader.build()) {
        yield* reader.read(seen);
        if (seen.build.endedAt !== null) return yield reader.end(seen.build);
      }
      await untilAborted(signal, () => pause(POLL_MS));
    }
  } finally {
    watcher.stop();
  }
}

function createReader({ handle, logsOf }: BuildEventSource, from: Progress) {
  let progress = from;
  let logs = logsOf === null ? createStepLogs(null) : logsOf(from.build);
  const next = (event: BuildEvent, change: Partial<Progress>): ProgressedEvent => {
    progress = { ...progress, ...change };
    return { event, progress };
  };
  async function* read({ build, pending }: SeenBuild): AsyncGenerator<ProgressedEvent> {
    for (const step of build.steps) {
      const hasEnded = step.endedAt !== null || build.endedAt !== null;
      const change = describeChange(step, build.number, pending);
      const isNew = progress.steps[step.name] !== change.digest;
      const announce = () => next(change.event, { steps: { ...progress.steps, [step.name]: change.digest } });
      if (isNew && !hasEnded) yield announce();
      for await (const { event, progress: log } of logs.read({
        build: build.number,
        step,
        hasEnded,
        from: progress.logs[step.name],
      }))
        yield next(event, { logs: { ...progress.logs, [step.name]: log } });
      if (isNew && hasEnded) yield announce();
    }
  }
  return {
    build: () => progress.build,
    read,
    /** Reads the rest of the build that was replaced, where there is any. */
    async *moveTo(by: number): AsyncGenerator<ProgressedEvent> {
      const { build: number } = progress;
      const replaced = await findBuild(handle, number);
      if (replaced?.endedAt) yield* read({ build: replaced, pending: null });
      logs = logsOf === null ? logs : logsOf(by);
      yield next({ event: 'replaced', data: { build: number, by } }, progressOf(by));
    },
    end: (build: BuildView) => next({ event: 'end', data: build }, { isOver: true }),
  };
}

function describeChange(step: StepView, build: number, pending: PendingStep | null) {
  const waitingFor = step.state === 'running' ? (pending?.waitingFor ?? null) : null;
  const data = { build, ...step, waitingFor };
  return { event: { event: 'step', data } as const, digest: digestOf(data) };
}

async function findBuild(handle: WorkspaceHandle, number: number): Promise<BuildView | null> {
  try {
    return await handle.build(number);
  } catch (error) {
    if (error instanceof RequestFailure && error.type === 'NotFound') return null;
    throw error;
  }
}
