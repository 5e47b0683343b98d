import type { Client } from '@temporalio/client';
import type { KnownPolicy } from '../contract/policy';
import type { Runtime } from '../runtimes/runtime';
import type { Reading } from './policy-reader';

/** What the activities need from whoever creates them. */
export interface Dependencies {
  runtime: Runtime;
  client: Client;
  /** How policies are read; shared readings by default. */
  policies?: Reading<KnownPolicy>;
  /** How often the watch looks for lost pods, in milliseconds. */
  watchIntervalMs: number;
  /** How often it compares the lists of pods and workspaces too, in milliseconds; every 30 s by default. */
  watchFullIntervalMs?: number;
  /** How many hooks and starting pods are waited for at once, pods at most half of that; any number by default. */
  maxLongSteps?: number;
}
