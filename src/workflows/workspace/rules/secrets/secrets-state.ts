/** Implements docs/builds.md, "Secrets": what a workspace keeps about the secrets of its pod. */
import type { SecretScope } from '../../../../contract/secrets';

/** What the pod was given, and when it is given its secrets again. Names and versions, never a value. */
export interface SecretsState {
  /** The newest pod that was given its secrets; null without one, and after its end. */
  pod: PodSecrets | null;
  /** Changes that have to reach the pod: when the earliest and the latest of them are due; null for none. */
  changes: { first: number; last: number } | null;
  /** When the store was last read for this workspace; 0 before. */
  begunAt: number;
  /** A refresh is under way in this run. */
  isRefreshing: boolean;
}

/** The secrets of one pod. */
export interface PodSecrets {
  build: number;
  /** Name and version of each delivered secret, by scope. */
  delivered: Record<SecretScope, [name: string, version: number][]>;
  /** The fingerprint of the SSH key as read back in the pod; null without a key. */
  fingerprint: string | null;
  /** When its token is replaced; null where it has none. */
  renewAt: number | null;
}

/** Of a workspace whose pods were given none. */
export const noSecrets = (): SecretsState => ({ pod: null, changes: null, begunAt: 0, isRefreshing: false });
