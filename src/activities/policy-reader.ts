/** Reads the policies of organizations for activities. */
export interface PolicyReader<T> {
  /** Returns what was read after this call. */
  read(organization: string): Promise<T>;
}

/**
 * Coalesces concurrent reads by key: callers that arrive while a query runs share the next one. In the morning hundreds of workspaces
 * need the policy of one organization in the same second, and a query for each would block its workflow.
 */
export function coalesceReads<T>(query: (key: string) => Promise<T>): PolicyReader<T> {
  const running = new Map<string, Promise<T>>();
  const next = new Map<string, Promise<T>>();

  const begin = (key: string): Promise<T> => {
    next.delete(key);
    const read = query(key).finally(() => {
      if (running.get(key) === read) running.delete(key);
    });
    running.set(key, read);
    return read;
  };
  return {
    read(key) {
      const current = running.get(key);
      if (!current) return begin(key);
      const queued = next.get(key);
      if (queued) return queued;
      const following = current.then(
        () => begin(key),
        () => begin(key),
      );
      next.set(key, following);
      return following;
    },
  };
}
