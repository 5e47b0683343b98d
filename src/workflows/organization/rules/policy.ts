/** An organization's policy: its defaults, and the total check of a change to it. */

import { DAY_MS, MINUTE_MS } from '../../../contract/duration';
import { WEEKDAYS } from '../../../contract/payloads';
import type { KnownPolicy, Policy } from '../../../contract/policy';
import { quantity } from '../../../contract/quantity';
import { asAfter, asImage, asObject, asResources, asWeekdays, checkDuration, type Fields } from '../../input/fields';
import { invalid, Refusal } from '../../input/refusal';

/** The fields that `setPolicy` takes. */
export const SETTABLE = ['defaultImage', 'autoOff', 'autoStart', 'resources', 'build', 'retention', 'podSecurity'] as const;
/** Part of the policy, and refused where another value than the present one is given. */
const NOT_YET = ['images', 'quota', 'suspendedOwners', 'git'] as const;
const YEAR_MS = 365 * DAY_MS;

/** The defaults of the contract. */
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

/** A policy from before a field was made has that field's default. */
export function withNewFields<P extends Policy>(policy: P): P {
  return { ...policy, defaultImage: (policy as Partial<Policy>).defaultImage ?? null };
}

/** When it was last changed, in epoch milliseconds; 0 where that is not known. */
export function policyAt(policy: KnownPolicy | null): number {
  return policy?.changedAt ?? 0;
}

/**
 * The policy with a change merged in: objects field by field, lists replaced. What `policy` answers may be given whole: its other
 * fields are ignored. Throws a Refusal for a field that is wrong or cannot be set. `fields` names what was set, as dotted paths.
 */
export function mergePolicy(policy: Policy, change: unknown): { policy: Policy; fields: string[] } {
  const given = asObject('policy', change);
  for (const field of NOT_YET) {
    if (given[field] !== undefined && !isEqual(given[field], policy[field]))
      throw new Refusal(
        'InvalidRequest',
        `${field}: expected what it is, or one of ${SETTABLE.join(', ')}; this field cannot be set`,
      );
  }
  const merged: Policy = {
    ...policy,
    defaultImage: given.defaultImage === undefined ? policy.defaultImage : asDefaultImage(given.defaultImage),
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
  return { policy: merged, fields: SETTABLE.flatMap((field) => paths(field, given[field], policy[field])) };
}

/** Refuses a policy whose fields do not fit each other, where the change names one of them. */
export function checkPolicy({ resources, defaultImage, images }: Policy, change: Fields): void {
  if (change.resources !== undefined) {
    for (const key of ['cpu', 'memory', 'disk'] as const) {
      const max = resources.max?.[key];
      if (max && quantity(resources.default[key]) > quantity(max))
        throw invalid(`resources.default.${key}`, `at most resources.max.${key}, which is ${max}`, resources.default[key]);
    }
  }
  if (change.defaultImage === undefined && change.images === undefined) return;
  if (defaultImage !== null && !allows(images, defaultImage)) {
    const names = images.map(({ name }) => name).join(', ');
    throw invalid('defaultImage', `an image that images allows, which are ${names}`, defaultImage);
  }
}

/** Whether a reference is one that may be built; an empty list allows any. */
function allows(images: Policy['images'], reference: string): boolean {
  if (images.length === 0) return true;
  return images.some(({ name, tags }) => {
    if (reference === name) return true;
    if (!reference.startsWith(`${name}:`)) return false;
    const state = Object.hasOwn(tags, reference.slice(name.length + 1)) ? tags[reference.slice(name.length + 1)] : undefined;
    return state === 'available' || state === 'deprecated';
  });
}

function asDefaultImage(value: unknown): string | null {
  return value === null ? null : asImage('defaultImage', value);
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

/** Only names that the policy has, so that a change of whatever else is recorded in few of them. */
function paths(field: string, value: unknown, now: unknown): string[] {
  if (value === undefined) return [];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [field];
  if (typeof now !== 'object' || now === null) return [field];
  return Object.keys(now)
    .filter((key) => Object.hasOwn(value, key))
    .map((key) => `${field}.${key}`);
}

/** Of values of a policy, one of which came from outside: as deep as the policy's own goes, and no deeper. */
function isEqual(given: unknown, now: unknown): boolean {
  if (typeof now !== 'object' || now === null) return given === now;
  if (typeof given !== 'object' || given === null || Array.isArray(given) !== Array.isArray(now)) return false;
  const names = Object.keys(given);
  if (names.length !== Object.keys(now).length) return false;
  return names.every((name) => Object.hasOwn(now, name) && isEqual((given as Fields)[name], (now as Fields)[name]));
}
