/** What the workspaces of an organization use. */

/** What one owner uses. CPU and memory count while a workspace is building, running, or turning off; homes and disk until the purge. */
export interface OwnerUsage {
  /** Workspaces that are building, running, or turning off. */
  running: number;
  /** Homes that exist. */
  homes: number;
  /** Cores, a Kubernetes quantity. */
  cpu: string;
  /** Bytes, a Kubernetes quantity. */
  memory: string;
  /** Bytes, a Kubernetes quantity. */
  disk: string;
}

/** The answer to the query `usage`. */
export interface UsageView {
  /** By owner. */
  owners: Record<string, OwnerUsage>;
  /** Of a large organization: the ids of further workflows that answer `usage` too, each for other owners. Absent: none. */
  more?: string[];
}
