/**
 * Readings of policies, few at a time. In the morning hundreds of workspaces want the policy of one organization in the same second;
 * one query for each would keep its workflow from everything else.
 */
export interface Reading<T> {
  /** Answers what was read after this call: callers that come while a reading runs share the next one. */
  read(key: string): Promise<T>;
}

/** Shares the readings that `query` makes, by key. */
export function shareReadings<T>(query: (key: string) => Promise<T>): Reading<T> {
  const running = new Map<string, Promise<T>>();
  const next = new Map<string, Promise<T>>();

  const begin = (key: string): Promise<T> => {
    next.delete(key);
    const reading = query(key).finally(() => {
      if (running.get(key) === reading) running.delete(key);
    });
    running.set(key, reading);
    return reading;
  };
  return {
    read(key) {
      const current = running.get(key);
      if (!current) return begin(key);
      const known = next.get(key);
      if (known) return known;
      const following = current.then(
        () => begin(key),
        () => begin(key),
      );
      next.set(key, following);
      return following;
    },
  };
}
