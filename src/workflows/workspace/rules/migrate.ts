/** Implements docs/upgrading.md, "What is compatible": an older run's state in the present shape. */
import { withNewFields } from '../../organization/rules/policy';
import { noSecrets } from './secrets/secrets-state';
import type { State } from './state';

/** Adds the fields that the run which handed this state over did not know. Throws for an unknown `schemaVersion`. */
export function migrate(carried: State): State {
  if (carried.schemaVersion !== 1) throw new Error(`state: expected schemaVersion 1, got ${String(carried.schemaVersion)}`);
  const { policy, report } = carried;
  return {
    ...carried,
    homeMayExist: carried.homeMayExist ?? (carried.builds.length > 0 && !carried.adopt),
    blocked: carried.blocked ?? null,
    policy: policy && withNewFields(policy),
    secrets: carried.secrets ?? noSecrets(),
    policyReadAt: carried.policyReadAt ?? 0,
    policyAskedAt: carried.policyAskedAt ?? 0,
    // Reports of earlier versions held the policy's version, which no longer causes a report.
    report: { ...report, sent: report.sent.replace(/"policyVersion":\d+,/, '') },
  };
}
