/**
 * Implements docs/policy.md: the defaults of an organization's policy, and the total check of a change.
 *
 * A new field needs its type and comment in contract/policy.ts; its default in `defaultPolicy` and `FIELDS_SINCE`; its name in
 * `SETTABLE`; its check in `mergePolicy`; checks against other fields in `checkPolicy`; and its row in docs/policy.md.
 */
import { DAY_MS, MINUTE_MS } from '../../../contract/duration';
import { WEEKDAYS } from '../../../contract/payloads';
import type { Policy } from '../../../contract/policy';
import { parseQuantity, quantity } from '../../../contract/quantity';
import { asAfter, asImage, asName, asObject, asResources, asWeekdays, checkDuration, type Fields } from '../../input/fields';
import { asGitHosts } from '../../input/git-hosts';
import { invalid } from '../../input/refusal';
import { allowsImage, asImages } from './images';

/** The fields that `setPolicy` takes. */
export const SETTABLE = [
  'defaultImage',
  'autoOff',
  'autoStart',
  'images',
  'resources',
  'quota',
  'build',
  'retention',
  'suspendedOwners',
  'podSecurity',
  'git',
] as const;
const YEAR_MS = 365 * DAY_MS;
const MAX_SUSPENDED = 1_000;
const MAX_COUNT = 1_000_000;

/** The policy of a new organization. */
export function defaultPolicy(): Policy {
  return {
    version: 1,
    defaultImage: null,
    autoOff: { after: '2h', userControlled: false },
    autoStart: { weekdays: [...WEEKDAYS], timeZone: null, recentUse: '4d' },
    images: [],
    resources: { default: { cpu: '1', memory: '2Gi', disk: '10Gi' }, max: null },
    quota: { runningPerOwner: null, cpuPerOwner: null, memoryPerOwner: null, homesPerOwner: null, diskPerOwner: null },
    build: { deadline: '30m', hookTimeout: '10m' },
    retention: '7d',
    suspendedOwners: [],
    podSecurity: 'restricted',
    git: [],
  };
}

/** Fields that a policy of an earlier version lacks, with their defaults. A new field of the policy belongs here too. */
const FIELDS_SINCE = { defaultImage: null } satisfies Partial<Policy>;

/** Adds the defaults of fields that an earlier version did not know. */
export function withNewFields<P extends object>(policy: P): P & Pick<Policy, keyof typeof FIELDS_SINCE> {
  return { ...FIELDS_SINCE, ...policy };
}

/**
 * Merges a change into the policy: objects field by field, lists as a whole. The answer of the query `policy` is a valid change, of which
 * other fields are ignored. `fields` names what was set, as dotted paths. Throws a Refusal for a field that is wrong or cannot be set.
 */
export function mergePolicy(policy: Policy, change: unknown): { policy: Policy; fields: string[] } {
  const sent = asObject('policy', change);
  const merged: Policy = {
    ...policy,
    defaultImage: sent.defaultImage === undefined ? policy.defaultImage : asDefaultImage(sent.defaultImage),
    autoOff: mergeAutoOff(policy.autoOff, asObject('autoOff', sent.autoOff)),
    autoStart: mergeAutoStart(policy.autoStart, asObject('autoStart', sent.autoStart)),
    images: asOptional(sent.images, policy.images, (value) => asImages('images', value)),
    resources: mergeResources(policy.resources, asObject('resources', sent.resources)),
    quota: mergeQuota(policy.quota, asObject('quota', sent.quota)),
    build: mergeBuild(policy.build, asObject('build', sent.build)),
    retention: asOptional(sent.retention, policy.retention, (value) =>
      checkDuration('retention', value, { min: MINUTE_MS, max: YEAR_MS }),
    ),
    suspendedOwners: asOptional(sent.suspendedOwners, policy.suspendedOwners, (value) => asOwners('suspendedOwners', value)),
    podSecurity: asOptional(sent.podSecurity, policy.podSecurity, (value) => {
      if (value !== 'restricted' && value !== 'baseline') throw invalid('podSecurity', 'restricted or baseline', value);
      return value;
    }),
    git: asOptional(sent.git, policy.git, (value) => asGitHosts('git', value)),
  };
  return { policy: merged, fields: SETTABLE.flatMap((field) => paths(field, sent[field], policy[field])) };
}

/** Throws a Refusal when fields of the policy contradict each other and the change names one of them. */
export function checkPolicy({ resources, defaultImage, images }: Policy, change: Fields): void {
  if (change.resources !== undefined) {
    for (const key of ['cpu', 'memory', 'disk'] as const) {
      const max = resources.max?.[key];
      if (max && quantity(resources.default[key]) > quantity(max))
        throw invalid(`resources.default.${key}`, `at most resources.max.${key}, which is ${max}`, resources.default[key]);
    }
  }
  if (change.defaultImage === undefined && change.images === undefined) return;
  if (defaultImage !== null && !allowsImage(images, defaultImage)) {
    const names = images.map(({ name }) => name).join(', ');
    throw invalid('defaultImage', `an image that images allows, which are ${names}`, defaultImage);
  }
}

function asDefaultImage(value: unknown): string | null {
  return value === null ? null : asImage('defaultImage', value);
}

function mergeAutoOff(present: Policy['autoOff'], sent: Fields): Policy['autoOff'] {
  return {
    after: asOptional(sent.after, present.after, (value) => asAfter('autoOff.after', value)),
    userControlled: asOptional(sent.userControlled, present.userControlled, (value) => {
      if (typeof value !== 'boolean') throw invalid('autoOff.userControlled', 'true or false', value);
      return value;
    }),
  };
}

function mergeAutoStart(present: Policy['autoStart'], sent: Fields): Policy['autoStart'] {
  const zone = sent.timeZone;
  if (zone !== undefined && zone !== null && (typeof zone !== 'string' || zone === '' || zone.length > 64)) {
    throw invalid('autoStart.timeZone', 'an IANA time zone such as Europe/Berlin, or null', zone);
  }
  return {
    weekdays: asOptional(sent.weekdays, present.weekdays, (value) => asWeekdays('autoStart.weekdays', value)),
    timeZone: zone === undefined ? present.timeZone : (zone as string | null),
    recentUse: asOptional(sent.recentUse, present.recentUse, (value) =>
      checkDuration('autoStart.recentUse', value, { min: MINUTE_MS, max: YEAR_MS }),
    ),
  };
}

function mergeResources(present: Policy['resources'], sent: Fields): Policy['resources'] {
  return {
    default: { ...present.default, ...asResources('resources.default', sent.default) },
    max: sent.max === undefined ? present.max : mergeLimits(present.max, sent.max),
  };
}

/** Null removes one limit, or all of them. */
function mergeLimits(present: Policy['resources']['max'], sent: unknown): Policy['resources']['max'] {
  if (sent === null) return null;
  const limits = { ...present, ...asResources('resources.max', sent) };
  for (const key of ['cpu', 'memory', 'disk'] as const) {
    if (asObject('resources.max', sent)[key] === null) delete limits[key];
  }
  return limits;
}

function mergeQuota(present: Policy['quota'], sent: Fields): Policy['quota'] {
  return {
    runningPerOwner: asLimit(sent.runningPerOwner, present.runningPerOwner, (value) => asCount('quota.runningPerOwner', value)),
    cpuPerOwner: asLimit(sent.cpuPerOwner, present.cpuPerOwner, (value) => asAmount('quota.cpuPerOwner', value)),
    memoryPerOwner: asLimit(sent.memoryPerOwner, present.memoryPerOwner, (value) => asAmount('quota.memoryPerOwner', value)),
    homesPerOwner: asLimit(sent.homesPerOwner, present.homesPerOwner, (value) => asCount('quota.homesPerOwner', value)),
    diskPerOwner: asLimit(sent.diskPerOwner, present.diskPerOwner, (value) => asAmount('quota.diskPerOwner', value)),
  };
}

/** Null removes the limit. */
function asLimit<T>(value: unknown, present: T | null, parse: (value: unknown) => T): T | null {
  if (value === undefined) return present;
  return value === null ? null : parse(value);
}

function asCount(field: string, value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_COUNT) return value;
  throw invalid(field, `a whole number from 0 to ${MAX_COUNT}, or null`, value);
}

function asAmount(field: string, value: unknown): string {
  const number = typeof value === 'string' ? parseQuantity(value) : null;
  if (typeof value === 'string' && number !== null && Number.isFinite(number)) return value;
  throw invalid(field, 'a Kubernetes quantity such as 8 or 64Gi, or null', value);
}

function asOwners(field: string, value: unknown): string[] {
  if (!Array.isArray(value) || value.length > MAX_SUSPENDED)
    throw invalid(field, `a list of at most ${MAX_SUSPENDED} owners`, value);
  const owners = value.map((owner: unknown, index) => asName(`${field}.${index}`, owner));
  const seen = new Set<string>();
  for (const [index, owner] of owners.entries()) {
    if (seen.has(owner)) throw invalid(`${field}.${index}`, 'each owner once', owner);
    seen.add(owner);
  }
  return owners;
}

function mergeBuild(present: Policy['build'], sent: Fields): Policy['build'] {
  const bounds = { min: 1_000, max: DAY_MS };
  return {
    deadline: asOptional(sent.deadline, present.deadline, (value) => checkDuration('build.deadline', value, bounds)),
    hookTimeout: asOptional(sent.hookTimeout, present.hookTimeout, (value) => checkDuration('build.hookTimeout', value, bounds)),
  };
}

function asOptional<T>(value: unknown, otherwise: T, parse: (value: unknown) => T): T {
  return value === undefined || value === null ? otherwise : parse(value);
}

/** Only fields of the policy, so that unknown fields never enlarge the list of changes. */
function paths(field: string, value: unknown, present: unknown): string[] {
  if (value === undefined) return [];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [field];
  if (typeof present !== 'object' || present === null) return [field];
  return Object.keys(present)
    .filter((key) => Object.hasOwn(value, key))
    .map((key) => `${field}.${key}`);
}
