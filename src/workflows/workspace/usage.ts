/** What the workspaces of an organization use: their reports, and the sum of them. Data in, data out. */
import type { OwnerUsage, UsageView, WorkspaceEndedInput } from '../payloads';
import { formatBytes, formatCpu, parseQuantity, quantity } from '../../runtimes/quantity';
import type { OrganizationState } from './organization';

/** A workspace's report to its organization, whole each time; `sequence` rises, so that an older one changes nothing. */
export interface UsageReport {
  workspace: string;
  /** Tells it from one that was made anew under its name. */
  id?: string;
  sequence: number;
  owner: string;
  policyVersion: number;
  running: boolean;
  home: boolean;
  cpu: string;
  memory: string;
  disk: string;
}

/** Takes a workspace's report. An older one than the last, or a malformed one, changes nothing. */
export function takeUsageReport(state: OrganizationState, input: unknown): void {
  if (!isUsageReport(input)) return;
  const { workspace, id, sequence, owner, policyVersion, running, home, cpu, memory, disk } = input;
  const report = {
    workspace,
    sequence,
    owner,
    policyVersion,
    running,
    home,
    cpu,
    memory,
    disk,
    ...(id === undefined ? {} : { id }),
  };
  const known = state.workspaces[input.workspace];
  if (known && known.sequence >= input.sequence && input.sequence !== 1) return;
  if (!input.running && !input.home) delete state.workspaces[input.workspace];
  else state.workspaces[workspace] = report;
}

/**
 * Takes word that a workspace was terminated, and can report nothing any more: it runs no longer, and its home counts for as long as
 * that is there. Of one that was made anew under its name, nothing changes.
 */
export function takeWorkspaceEnded(state: OrganizationState, input: unknown): void {
  if (!isWorkspaceEnded(input)) return;
  const known = state.workspaces[input.workspace];
  if (!known || known.id !== input.id) return;
  if (input.home && known.home) known.running = false;
  else delete state.workspaces[input.workspace];
}

export function viewUsage(state: OrganizationState): UsageView {
  const owners: UsageView['owners'] = {};
  const reports = Object.values(state.workspaces);
  for (const owner of new Set(reports.map((report) => report.owner))) {
    owners[owner] = sum(reports.filter((report) => report.owner === owner));
  }
  return { owners };
}

function sum(reports: UsageReport[]): OwnerUsage {
  const running = reports.filter((report) => report.running);
  const homes = reports.filter((report) => report.home);
  const total = (list: UsageReport[], key: 'cpu' | 'memory' | 'disk') =>
    list.reduce((all, report) => all + quantity(report[key]), 0);
  return {
    running: running.length,
    homes: homes.length,
    cpu: formatCpu(total(running, 'cpu')),
    memory: formatBytes(total(running, 'memory')),
    disk: formatBytes(total(homes, 'disk')),
  };
}

function isUsageReport(input: unknown): input is UsageReport {
  if (typeof input !== 'object' || input === null) return false;
  const report = input as Record<string, unknown>;
  const isQuantity = (value: unknown) => typeof value === 'string' && parseQuantity(value) !== null;
  return (
    typeof report.workspace === 'string' &&
    report.workspace.startsWith('workspace/') &&
    (report.id === undefined || typeof report.id === 'string') &&
    typeof report.owner === 'string' &&
    Number.isInteger(report.sequence) &&
    Number.isInteger(report.policyVersion) &&
    typeof report.running === 'boolean' &&
    typeof report.home === 'boolean' &&
    [report.cpu, report.memory, report.disk].every(isQuantity)
  );
}

function isWorkspaceEnded(input: unknown): input is WorkspaceEndedInput {
  if (typeof input !== 'object' || input === null) return false;
  const ended = input as Record<string, unknown>;
  return typeof ended.workspace === 'string' && typeof ended.id === 'string' && typeof ended.home === 'boolean';
}
