/** An organization, and what its workspaces report to it. */
import type { UsageReport } from '../../../src/workflows/messages';
import { createOrganization, type OrganizationState } from '../../../src/workflows/workspace/organization';
import { takeUsageReport } from '../../../src/workflows/workspace/usage';
import { NOW } from './scene';

export const REPORT: UsageReport = {
  workspace: 'workspace/ada/dev',
  id: 'w1',
  sequence: 1,
  owner: 'ada',
  policyVersion: 1,
  running: true,
  home: true,
  cpu: '500m',
  memory: '2Gi',
  disk: '10Gi',
};

/** One that took these reports, each the usual one but for what is given. */
export function organization(...reports: Partial<UsageReport>[]): OrganizationState {
  const state = createOrganization({ name: 'math', by: 'root' }, NOW);
  for (const report of reports) takeUsageReport(state, { ...REPORT, ...report });
  return state;
}
