/** An organization's policy: its defaults, and the total check of a change to it. */
import type { Policy } from '../payloads';
import { asAfter, asObject, asResources, asWeekdays, type Fields } from './fields';
import { checkDuration, DAY_MS, MINUTE_MS } from './duration';
import { invalid, Refusal } from './refusal';

/** The fields that `setPolicy` takes. */
export const SETTABLE = ['autoOff', 'autoStart', 'resources', 'build', 'retention', 'podSecurity'] as const;
const NOT_YET = ['images', 'quota', 'suspendedOwners', 'git'] as const;
const YEAR_MS = 365 * DAY_MS;

/** The defaults of the contract. */
export function defaultPolicy(): Policy {
  return {
    version: 1,
    autoOff: { after: '2h', userControlled: false },
    autoStart: { weekdays: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], timeZone: null, recentUse: '4d' },
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

/**
 * The policy with a change merged in: objects field by field, lists replaced. Throws a Refusal for a field that is wrong or
 * cannot be set. `fields` names what was set, as dotted paths.
 */
export function mergePolicy(policy: Policy, change: unknown): { policy: Policy; fields: string[] } {
  const given = asObject('policy', change);
  for (const field of NOT_YET) {
    if (given[field] !== undefined)
      throw new Refusal('InvalidRequest', `${field}: expected one of ${SETTABLE.join(', ')}; this field cannot be set`);
  }
  const merged: Policy = {
    ...policy,
    autoOff: mergeAutoOff(policy.autoOff, asObject('autoOff', given.autoOff)),
    autoStart: mergeAutoStart(policy.autoStart, asObject('autoStart', given.autoStart)),
    resources: mergeResources(policy.resources, asObject('resources', given.resources)),
    build: mergeBuild(policy.build, asObject('build', given.build)),
    retention: asOptional(given.retention, policy.retention, (value) =>
      checkDuration('retention', value, { min: MINUTE_MS, max: YEAR_MS }),
    ),
    podSecurity: asOptional(given.podSecurity, policy.podSecurity, (value) => {
      if (value !== 'restricted' && value !== 'baseline') throw invalid('podSecurity', 'restricted or baseline', value);
      return value;
    }),
  };
  return { policy: merged, fields: SETTABLE.flatMap((field) => paths(field, given[field])) };
}

function mergeAutoOff(now: Policy['autoOff'], given: Fields): Policy['autoOff'] {
  return {
    after: asOptional(given.after, now.after, (value) => asAfter('autoOff.after', value)),
    userControlled: asOptional(given.userControlled, now.userControlled, (value) => {
      if (typeof value !== 'boolean') throw invalid('autoOff.userControlled', 'true or false', value);
      return value;
    }),
  };
}

function mergeAutoStart(now: Policy['autoStart'], given: Fields): Policy['autoStart'] {
  const zone = given.timeZone;
  if (zone !== undefined && zone !== null && (typeof zone !== 'string' || zone === '' || zone.length > 64)) {
    throw invalid('autoStart.timeZone', 'an IANA time zone such as Europe/Berlin, or null', zone);
  }
  return {
    weekdays: asOptional(given.weekdays, now.weekdays, (value) => asWeekdays('autoStart.weekdays', value)),
    timeZone: zone === undefined ? now.timeZone : (zone as string | null),
    recentUse: asOptional(given.recentUse, now.recentUse, (value) =>
      checkDuration('autoStart.recentUse', value, { min: MINUTE_MS, max: YEAR_MS }),
    ),
  };
}

function mergeResources(now: Policy['resources'], given: Fields): Policy['resources'] {
  return {
    default: { ...now.default, ...asResources('resources.default', given.default) },
    max: given.max === undefined ? now.max : mergeLimits(now.max, given.max),
  };
}

/** Null takes one limit, or all of them, away. */
function mergeLimits(now: Policy['resources']['max'], given: unknown): Policy['resources']['max'] {
  if (given === null) return null;
  const limits = { ...now, ...asResources('resources.max', given) };
  for (const key of ['cpu', 'memory', 'disk'] as const) {
    if (asObject('resources.max', given)[key] === null) delete limits[key];
  }
  return limits;
}

function mergeBuild(now: Policy['build'], given: Fields): Policy['build'] {
  const bounds = { min: 1_000, max: DAY_MS };
  return {
    deadline: asOptional(given.deadline, now.deadline, (value) => checkDuration('build.deadline', value, bounds)),
    hookTimeout: asOptional(given.hookTimeout, now.hookTimeout, (value) => checkDuration('build.hookTimeout', value, bounds)),
  };
}

function asOptional<T>(value: unknown, otherwise: T, parse: (value: unknown) => T): T {
  return value === undefined || value === null ? otherwise : parse(value);
}

function paths(field: string, value: unknown): string[] {
  if (value === undefined) return [];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [field];
  return Object.keys(value)
    .slice(0, 20)
    .map((key) => `${field}.${key.slice(0, 60)}`);
}
