/** Total checks of whole payloads, one for each message; null fields count as absent unless the message gives null a meaning. */

import type { PodLostInput } from '../../contract/internal-payloads';
import { DEFAULT_ORGANIZATION } from '../../contract/names';
import type { CreateInput, OwnSettings } from '../../contract/payloads';
import { cutText, LINE_LIMIT } from '../../contract/text-limit';
import {
  asAutoOff,
  asAutoStart,
  asDotfiles,
  asEnv,
  asHomeId,
  asImage,
  asName,
  asObject,
  asResources,
  asText,
  type Fields,
} from './fields';
import { invalid } from './refusal';

// With its offset, since an instant without one would be read in the host's own zone.
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})$/;

export interface Creation {
  owner: string;
  name: string;
  organization: string;
  home: string | null;
  by: string | null;
  own: OwnSettings;
  continueAsNewAfterEvents: number | null;
}

export function parseCreation(input: unknown): Creation {
  const given = asObject('input', input) as Fields & Partial<Record<keyof CreateInput, unknown>>;
  return {
    owner: asName('owner', given.owner),
    name: asName('name', given.name),
    organization: asName('organization', given.organization ?? DEFAULT_ORGANIZATION),
    home: isAbsent(given.home) ? null : asHomeId('home', given.home),
    by: asText('by', given.by),
    own: {
      image: isAbsent(given.image) ? null : asImage('image', given.image),
      resources: asResources('resources', given.resources),
      env: isAbsent(given.env) ? null : asEnv('env', given.env),
      dotfiles: asDotfiles('dotfiles', given.dotfiles),
      autoStart: isAbsent(given.autoStart) ? null : asAutoStart('autoStart', given.autoStart),
      autoOff: isAbsent(given.autoOff) ? null : asAutoOff('autoOff', given.autoOff),
    },
    continueAsNewAfterEvents: asEvents(given.continueAsNewAfterEvents),
  };
}

export function parsePing(input: unknown): { via: string; at: number | null } {
  const given = asObject('ping', input);
  asText('session', given.session);
  return { via: asText('via', given.via) || 'api', at: isAbsent(given.at) ? null : asInstant('at', given.at) };
}

export function parseBy(input: unknown): { by: string | null } {
  return { by: asText('by', asObject('input', input).by) };
}

export function parseStop(input: unknown): { by: string | null; reason: string | null } {
  const given = asObject('input', input);
  return { by: asText('by', given.by), reason: asText('reason', given.reason) };
}

export interface RebuildRequest {
  by: string | null;
  reason: string | null;
  change: Pick<Partial<OwnSettings>, 'image' | 'resources' | 'env'>;
}

export function parseRebuild(input: unknown): RebuildRequest {
  const given = asObject('input', input);
  const change: RebuildRequest['change'] = {};
  if (!isAbsent(given.image)) change.image = asImage('image', given.image);
  if (!isAbsent(given.resources)) change.resources = asResources('resources', given.resources);
  if (!isAbsent(given.env)) change.env = asEnv('env', given.env);
  return { ...parseStop(input), change };
}

export interface ConfigureRequest {
  by: string | null;
  change: Partial<OwnSettings>;
  clearResources: boolean;
}

/** Here null clears a field, and a field left out stays as it is. */
export function parseConfigure(input: unknown): ConfigureRequest {
  const given = asObject('input', input);
  const change: Partial<OwnSettings> = {};
  if (given.image !== undefined) change.image = orNull(given.image, (value) => asImage('image', value));
  if (given.env !== undefined) change.env = orNull(given.env, (value) => asEnv('env', value));
  if (given.dotfiles !== undefined) change.dotfiles = asDotfiles('dotfiles', given.dotfiles);
  if (given.autoStart !== undefined) change.autoStart = orNull(given.autoStart, (value) => asAutoStart('autoStart', value));
  if (given.autoOff !== undefined) change.autoOff = orNull(given.autoOff, (value) => asAutoOff('autoOff', value));
  if (!isAbsent(given.resources)) change.resources = asResources('resources', given.resources);
  return { by: asText('by', given.by), change, clearResources: given.resources === null };
}

export function parseDelete(input: unknown): { by: string | null; purge: boolean } {
  const given = asObject('input', input);
  const purge = given.purge ?? false;
  if (typeof purge !== 'boolean') throw invalid('purge', 'true or false', purge);
  return { by: asText('by', given.by), purge };
}

export function parsePodLost(input: unknown): PodLostInput {
  const given = asObject('input', input);
  const { build, reason, counted, found } = given;
  if (!isCount(build)) throw invalid('build', 'a build number', build);
  if (typeof reason !== 'string') throw invalid('reason', 'text', reason);
  if (typeof counted !== 'boolean') throw invalid('counted', 'true or false', counted);
  if (isAbsent(found)) return { build, reason: cutText(reason, LINE_LIMIT), counted };
  if (!isCount(found)) throw invalid('found', 'a build number', found);
  return { build, reason: cutText(reason, LINE_LIMIT), counted, found };
}

/** The number of a build asked for; null for the newest. */
export function parseBuildNumber(input: unknown): number | null {
  const number = asObject('input', input).number;
  if (isAbsent(number)) return null;
  if (!isCount(number)) throw invalid('number', 'a build number from 1', number);
  return number;
}

function asInstant(field: string, value: unknown): number {
  const at = typeof value === 'string' && INSTANT.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(at)) throw invalid(field, 'an instant such as 2026-03-29T06:30:00.000Z', value);
  return at;
}

function asEvents(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 20 ? value : null;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1;
}

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

function orNull<T>(value: unknown, parse: (value: unknown) => T): T | null {
  return value === null ? null : parse(value);
}
