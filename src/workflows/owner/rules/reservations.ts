/** Implements docs/owners.md, "Quotas": total checks of what builds and workspaces send to their owner's ledger. */
import type { OwnerReport, Reservation, ReserveInput } from '../../../contract/internal/ledger';
import type { QuotaPolicy } from '../../../contract/policy';
import { parseQuantity } from '../../../contract/quantity';
import { asHomeId, asName, asObject, asResources, type Fields } from '../../input/fields';
import { invalid } from '../../input/refusal';
import { parseReports } from '../../members/rules/reports';

/** Requests in one update. */
export const MAX_REQUESTS = 200;

/** The payload of the update `reserve`. Throws a Refusal. */
export function parseReserve(input: unknown): ReserveInput {
  const { requests, quota, policyAt } = asObject('input', input);
  if (!Array.isArray(requests) || requests.length > MAX_REQUESTS)
    throw invalid('requests', `a list of at most ${MAX_REQUESTS}`, requests);
  return {
    requests: requests.map((request: unknown, index) => asReservation(`requests.${index}`, request)),
    quota: asQuota('quota', quota),
    policyAt: asCount('policyAt', policyAt),
  };
}

/** The reports in a signal, about workspaces of this owner; malformed ones are dropped. */
export function parseOwnerReports(owner: string, input: unknown): OwnerReport[] {
  return parseReports(input).flatMap((report) => {
    const { bornAt, build } = input as Fields;
    if (report.owner !== owner || !isCount(bornAt) || !isCount(build)) return [];
    const { workspace, id, sequence, running, home, cpu, memory, disk } = report;
    const name = workspace.slice(workspace.lastIndexOf('/') + 1);
    return [{ name, id, bornAt, build, resources: { cpu, memory, disk }, sequence, running, home }];
  });
}

function asReservation(field: string, value: unknown): Reservation {
  const { name, id, bornAt, build, resources } = asObject(field, value);
  const { cpu, memory, disk } = asResources(`${field}.resources`, resources);
  if (!cpu || !memory || !disk) throw invalid(`${field}.resources`, 'cpu, memory, and disk', resources);
  return {
    name: asName(`${field}.name`, name),
    id: asHomeId(`${field}.id`, id),
    bornAt: asCount(`${field}.bornAt`, bornAt),
    build: asCount(`${field}.build`, build),
    resources: { cpu, memory, disk },
  };
}

function asQuota(field: string, value: unknown): QuotaPolicy {
  const fields = asObject(field, value);
  return {
    runningPerOwner: asLimit(`${field}.runningPerOwner`, fields.runningPerOwner),
    cpuPerOwner: asSize(`${field}.cpuPerOwner`, fields.cpuPerOwner),
    memoryPerOwner: asSize(`${field}.memoryPerOwner`, fields.memoryPerOwner),
    homesPerOwner: asLimit(`${field}.homesPerOwner`, fields.homesPerOwner),
    diskPerOwner: asSize(`${field}.diskPerOwner`, fields.diskPerOwner),
  };
}

function asLimit(field: string, value: unknown): number | null {
  return value === undefined || value === null ? null : asCount(field, value);
}

function asSize(field: string, value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string' || parseQuantity(value) === null) throw invalid(field, 'a Kubernetes quantity, or null', value);
  return value;
}

function asCount(field: string, value: unknown): number {
  if (!isCount(value)) throw invalid(field, 'a whole number from 0', value);
  return value;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
