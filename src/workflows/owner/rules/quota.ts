/** Implements docs/owners.md, "Quotas": whether what a build asks for fits, and the sentence that says why not. */
import type { Resources } from '../../../contract/payloads';
import type { QuotaPolicy } from '../../../contract/policy';
import { formatBytes, formatCpu, quantity } from '../../../contract/quantity';

/** CPU in thousandths of a core, memory and disk in bytes: integers, whose sums and differences are exact. */
export interface Amounts {
  running: number;
  homes: number;
  cpu: number;
  memory: number;
  disk: number;
}

/** A request under a quota. */
export interface Judged {
  quota: QuotaPolicy;
  /** In use by the owner's other workspaces. */
  others: Amounts;
  /** By the workspace that asks. */
  own: Amounts;
  /** By its build, in place of `own`. */
  asked: Amounts;
}

/** The amounts of one workspace with a home. */
export function amountsOf({ cpu, memory, disk }: Resources): Amounts {
  return {
    running: 1,
    homes: 1,
    cpu: whole(quantity(cpu) * 1_000),
    memory: whole(quantity(memory)),
    disk: whole(quantity(disk)),
  };
}

/** Whether nothing is limited. */
export function isWithoutLimit(quota: QuotaPolicy): boolean {
  return Object.values(quota).every((limit) => limit === null);
}

/** Why the home does not fit; null when it does. */
export function refusedHome(judged: Judged): string | null {
  return refused(judged, 'homes') ?? refused(judged, 'disk');
}

/** Why the pod does not fit; null when it does. */
export function refusedPod(judged: Judged): string | null {
  return refused(judged, 'running') ?? refused(judged, 'cpu') ?? refused(judged, 'memory');
}

/** Only what is more than the workspace has already is judged. */
function refused({ quota, others, own, asked }: Judged, what: keyof Amounts): string | null {
  const field = FIELDS[what];
  const limit = quota[field];
  if (limit === null || asked[what] <= own[what] || others[what] + asked[what] <= limitOf(what, limit)) return null;
  const format = FORMATS[what];
  const used = `${format(others[what])} in use by other workspaces`;
  return `quota.${field}: expected at most ${limit} for one owner; ${used}, ${format(asked[what])} asked for`;
}

const FIELDS = {
  running: 'runningPerOwner',
  homes: 'homesPerOwner',
  cpu: 'cpuPerOwner',
  memory: 'memoryPerOwner',
  disk: 'diskPerOwner',
} as const satisfies Record<keyof Amounts, keyof QuotaPolicy>;

const FORMATS: Record<keyof Amounts, (amount: number) => string> = {
  running: String,
  homes: String,
  cpu: (amount) => formatCpu(amount / 1_000),
  memory: formatBytes,
  disk: formatBytes,
};

function limitOf(what: keyof Amounts, limit: number | string): number {
  if (typeof limit === 'number') return limit;
  return what === 'cpu' ? whole(quantity(limit) * 1_000) : whole(quantity(limit));
}

const whole = (number: number): number => Math.min(Math.round(number), Number.MAX_SAFE_INTEGER);
