/** The one factory of activities; its return type is all that workflows see. */
import { admitActivities } from './admission/admit';
import { ledgerActivities } from './admission/check-ledger';
import { coalesceReservations } from './admission/reserve';
import { buildActivities } from './build';
import { campaignActivities } from './campaign';
import { cleanUpActivities } from './clean-up';
import type { Dependencies } from './dependencies';
import { secretActivities } from './inject-secrets';
import { lastLookActivities } from './last-look';
import { policyActivities, queryPolicy } from './policy';
import { coalesceReads } from './policy-reader';
import { scheduleActivities } from './schedule';
import { memberActivities } from './update-members';
import { watchActivities } from './watch/watch';

export type { Admission, AdmitRequest } from './admission/admit';
export type { BuildFailureDetails, Deadline, StepResult } from './run-step';
export type { InjectionInput } from './workspace-secrets';

/** All activities by name. The names are part of histories. */
export type Activities = ReturnType<typeof createActivities>;

/** Creates the activities of a worker. */
export function createActivities(dependencies: Dependencies) {
  const { client, policies = coalesceReads((organization) => queryPolicy(client, organization)) } = dependencies;
  return {
    ...memberActivities(dependencies),
    ...policyActivities(dependencies, policies),
    ...scheduleActivities(),
    ...admitActivities(policies, coalesceReservations(client), dependencies.secrets !== undefined),
    ...buildActivities(dependencies),
    ...ledgerActivities(dependencies),
    ...secretActivities(dependencies),
    ...cleanUpActivities(dependencies),
    ...lastLookActivities(dependencies),
    ...watchActivities(dependencies),
    ...campaignActivities(dependencies),
  };
}
