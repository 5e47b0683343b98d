import type { Client } from '@temporalio/client';
import type { KnownPolicy } from '../contract/policy';
import type { Runtime } from '../runtimes/runtime';
import type { PolicyReader } from './policy-reader';
import type { WorkspaceSecrets } from './workspace-secrets';

/** What the activities need from the worker. */
export interface Dependencies {
  runtime: Runtime;
  client: Client;
  /** Keys and secrets; absent where the installation keeps none, whose builds skip `inject-secrets`. */
  secrets?: WorkspaceSecrets;
  /** Reads policies; coalesced queries by default. */
  policies?: PolicyReader<KnownPolicy>;
  /** The interval in which the watch looks for lost pods, in milliseconds. */
  watchIntervalMs: number;
  /** The interval in which it also compares the lists of pods and workspaces, in milliseconds; 30 s by default. */
  watchFullIntervalMs?: number;
  /** Hooks and starting pods that are observed at once, pods at most half of that; no limit by default. */
  maxLongSteps?: number;
}
