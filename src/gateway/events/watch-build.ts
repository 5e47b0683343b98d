import type { PendingStep, WorkspaceHandle } from '../../client';
import type { BuildView } from '../../contract/payloads';
import { untilAborted } from '../../hooks/until-aborted';

/** A build as last seen, and what its step waits for. */
export interface SeenBuild {
  build: BuildView;
  pending: PendingStep | null;
}

/** The latest state of a build, for a caller that polls its logs meanwhile. */
export interface BuildWatcher {
  /** Waits for the first state only. Null where the build was replaced, and the state of the other one is not known yet. */
  latest(signal: AbortSignal): Promise<SeenBuild | null>;
  /** The next build that replaced the one before, in their order; null: none, or all were taken. */
  replacement(): number | null;
  stop(): void;
}

/** The client's own waiting costs the worker little, however often the latest state is asked for. */
export function watchBuild(handle: WorkspaceHandle, number: number): BuildWatcher {
  const stopping = new AbortController();
  const replacements: number[] = [];
  let seen: SeenBuild | null = null;
  let see = () => {};
  const first = new Promise<void>((resolve) => {
    see = resolve;
  });
  const onChange = (build: BuildView, pending: PendingStep | null) => {
    seen = { build, pending };
    see();
  };
  const onReplaced = (_number: number, by: number) => {
    replacements.push(by);
    seen = null;
    see();
  };
  let failure: { error: unknown } | null = null;
  handle.waitForBuild(number, { onChange, onReplaced, signal: stopping.signal }).then(
    (build) => onChange(build, null),
    (error: unknown) => {
      failure = { error };
      see();
    },
  );
  return {
    async latest(signal) {
      if (seen === null && replacements.length === 0) await untilAborted(signal, () => first);
      if (failure) throw failure.error;
      return seen;
    },
    replacement: () => replacements.shift() ?? null,
    stop: () => stopping.abort(),
  };
}
