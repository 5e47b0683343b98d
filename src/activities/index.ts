/** The one factory of activities; its return type is all that workflows see. */

import { buildActivities } from './build';
import { careActivities } from './clean-up';
import type { Dependencies } from './dependencies';
import { policyActivities, queryPolicy } from './policy';
import { shareReadings } from './policy-reader';
import { scheduleActivities } from './schedule';
import { memberActivities } from './update-members';
import { watchActivities } from './watch';

export type { BuildFailureDetails, StepResult } from './run-step';

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
