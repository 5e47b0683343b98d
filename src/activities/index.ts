/** The one factory of activities; its return type is all that workflows see. */
import type { Client } from '@temporalio/client';
import type { Runtime } from '../runtimes/runtime';
import { buildActivities } from './build';
import { careActivities } from './care';
import { memberActivities } from './members';
import { type KnownPolicy, policyActivities, queryPolicy } from './policy';
import { type Reading, shareReadings } from './policy-reading';
import { scheduleActivities } from './schedule';
import { watchActivities } from './watch';

export type { BuildFailureDetails, StepResult } from './step';

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

export type Activities = ReturnType<typeof createActivities>;

export function createActivities(dependencies: Dependencies) {
  const { client, policies = shareReadings((organization) => queryPolicy(client, organization)) } = dependencies;
  return {
    ...memberActivities(dependencies),
    ...policyActivities(dependencies, policies),
    ...scheduleActivities(),
    ...buildActivities(dependencies, policies),
    ...careActivities(dependencies),
    ...watchActivities(dependencies),
  };
}
