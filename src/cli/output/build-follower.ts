import type { WorkspaceHandle } from '../../client';
import type { BuildView } from '../../contract/payloads';

/** The latest state of a build, for a caller that polls something else meanwhile. */
export interface BuildFollower {
  /** Waits for the first state only. */
  latest(): Promise<BuildView>;
  ended: Promise<BuildView>;
  stop(): void;
}

/** The client's own waiting costs the worker little, however often the latest state is asked for. */
export function followBuild(handle: WorkspaceHandle, number: number): BuildFollower {
  const stopping = new AbortController();
  let seen: BuildView | null = null;
  let see = (_build: BuildView): void => {};
  const first = new Promise<BuildView>((resolve) => {
    see = resolve;
  });
  const onChange = (build: BuildView) => {
    seen = build;
    see(build);
  };
  const ended = handle.waitForBuild(number, { onChange, signal: stopping.signal }).then((build) => {
    onChange(build);
    return build;
  });
  let failure: { error: unknown } | null = null;
  ended.catch((error: unknown) => {
    failure = { error };
  });
  return {
    ended,
    latest: async () => {
      if (failure) throw failure.error;
      return seen ?? Promise.race([first, ended]);
    },
    stop: () => stopping.abort(),
  };
}
