import { withNewFields } from '../../organization/rules/policy';
import type { State } from './state';

/** Brings an older run's state to today's shape. There is one shape so far, which fields were added to. */
export function migrate(carried: State): State {
  if (carried.schemaVersion !== 1) throw new Error(`state: expected schemaVersion 1, got ${String(carried.schemaVersion)}`);
  const { policy, report } = carried;
  return {
    ...carried,
    homeMayExist: carried.homeMayExist ?? (carried.builds.length > 0 && !carried.adopt),
    blocked: carried.blocked ?? null,
    policy: policy && withNewFields(policy),
    policyReadAt: carried.policyReadAt ?? 0,
    policyAskedAt: carried.policyAskedAt ?? 0,
    // A report is no longer sent for another version of the policy alone.
    report: { ...report, sent: report.sent.replace(/"policyVersion":\d+,/, '') },
  };
}
