/**
 * Implements docs/messages.md, "Signals": total checks of the usage reports that workspaces send to their organization, and of
 * the ends that the watch reports for them.
 */
import type { UsageReport, WorkspaceEndedInput } from '../../../contract/internal/payloads';
import { ownerOfWorkflowId } from '../../../contract/names';
import { parseQuantity } from '../../../contract/quantity';

/** A report of a workspace, or its end as reported by the watch. */
export type MemberEvent = UsageReport | WorkspaceEndedInput;

// A leading dash marks an id that a migration assigned to a record without one.
const ID = /^[a-z0-9-]{1,63}$/;

/** The reports in a signal, one or a list; malformed ones are dropped. */
export function parseReports(input: unknown): UsageReport[] {
  return listOf(input, 'reports').flatMap((report) => parseReport(report) ?? []);
}

/** The end in a signal; null for a malformed one. */
export function parseEnded(input: unknown): WorkspaceEndedInput | null {
  if (!isFields(input)) return null;
  const { workspace, id, home } = input;
  if (ownerOf(workspace) === null || !isId(id) || typeof home !== 'boolean') return null;
  return { workspace: workspace as string, id, home };
}

/** The events that an organization forwards to a partition; malformed ones are dropped. */
export function parseEvents(input: unknown): MemberEvent[] {
  return listOf(input, 'events').flatMap((event) => parseReport(event) ?? parseEnded(event) ?? []);
}

/** Whether the event is a report and not the end of a workspace. */
export function isReport(event: MemberEvent): event is UsageReport {
  return 'sequence' in event;
}

/** The owner in a workspace's workflow id; null for any other text. */
export function ownerOf(workspace: unknown): string | null {
  return typeof workspace === 'string' ? ownerOfWorkflowId(workspace) : null;
}

function parseReport(input: unknown): UsageReport | null {
  if (!isFields(input)) return null;
  const { workspace, id, sequence, owner, policyAt = 0, running, home, cpu, memory, disk } = input;
  const isWhole =
    ownerOf(workspace) === owner &&
    typeof owner === 'string' &&
    isId(id) &&
    isInstant(sequence) &&
    isInstant(policyAt) &&
    typeof running === 'boolean' &&
    typeof home === 'boolean' &&
    isQuantity(cpu) &&
    isQuantity(memory) &&
    isQuantity(disk);
  if (!isWhole) return null;
  return { workspace: workspace as string, id, sequence, owner, policyAt, running, home, cpu, memory, disk };
}

function listOf(input: unknown, key: 'reports' | 'events'): unknown[] {
  if (!isFields(input)) return [];
  const list = input[key];
  return Array.isArray(list) ? list : [input];
}

const isFields = (input: unknown): input is Record<string, unknown> =>
  typeof input === 'object' && input !== null && !Array.isArray(input);
const isId = (value: unknown): value is string => typeof value === 'string' && ID.test(value);
const isInstant = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isQuantity = (value: unknown): value is string => {
  const number = typeof value === 'string' ? parseQuantity(value) : null;
  return number !== null && Number.isFinite(number);
};
