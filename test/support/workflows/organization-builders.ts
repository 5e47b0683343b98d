/** An organization, and what its workspaces report to it. */
import type { UsageReport } from '../../../src/contract/internal/payloads';
import type { PushQueue } from '../../../src/workflows/members/rules/push-queue';
import { parseEnded, parseReports } from '../../../src/workflows/members/rules/reports';
import {
  createOrganization,
  type OrganizationState,
  takeOwnEnded,
  takeOwnReport,
} from '../../../src/workflows/organization/rules/state';
import { NOW } from './state-builders';

export const REPORT: UsageReport = {
  workspace: 'workspace/ada/dev',
  id: 'w1',
  sequence: 1,
  owner: 'ada',
  policyAt: NOW,
  running: true,
  home: true,
  cpu: '500m',
  memory: '2Gi',
  disk: '10Gi',
};

/** An organization that took these reports, each `REPORT` with changes. */
export function organization(...reports: Partial<UsageReport>[]): OrganizationState {
  const state = createOrganization({ name: 'math', by: 'root' }, NOW);
  for (const report of reports) takeReports(state, { ...REPORT, ...report });
  return state;
}

/** Takes any payload as reports. Returns whether a workspace was queued for the policy. */
export function takeReports(state: OrganizationState, input: unknown): boolean {
  const queue: PushQueue = new Map();
  return parseReports(input)
    .map((report) => takeOwnReport(state, queue, report))
    .includes(true);
}

/** Takes any payload as the end of a workspace. */
export function takeEnd(state: OrganizationState, input: unknown): void {
  const ended = parseEnded(input);
  if (ended) takeOwnEnded(state, ended);
}
