/**
 * Implements docs/messages.md, "Signals" and "Updates": total checks of whole payloads, one for each message. A null field counts as
 * absent, except where the message gives null a meaning.
 */
import { MINUTE_MS } from '../../contract/duration';
import type { PodLostInput } from '../../contract/internal/payloads';
import { DEFAULT_ORGANIZATION } from '../../contract/names';
import type { CreateInput } from '../../contract/payloads';
import type { OwnSettings } from '../../contract/settings';
import { cutText, LINE_LIMIT } from '../../contract/text-limit';
import {
  asAutoOff,
  asAutoStart,
  asEnv,
  asHomeId,
  asImage,
  asInstant,
  asName,
  asObject,
  asOwnDotfiles,
  asResources,
  asText,
  type Fields,
} from './fields';
import { invalid } from './refusal';

/** The checked input of the workflow `workspace`. */
export interface Creation {
  owner: string;
  name: string;
  organization: string;
  /** The id of a home to adopt; null for a new one. */
  home: string | null;
  by: string | null;
  own: OwnSettings;
  /** Set by tests; null otherwise. */
  continueAsNewAfterEvents: number | null;
}

/** The input of the workflow `workspace`. */
export function parseCreation(input: unknown): Creation {
  const fields = asObject('input', input) as Fields & Partial<Record<keyof CreateInput, unknown>>;
  return {
    owner: asName('owner', fields.owner),
    name: asName('name', fields.name),
    organization: asName('organization', fields.organization ?? DEFAULT_ORGANIZATION),
    home: isAbsent(fields.home) ? null : asHomeId('home', fields.home),
    by: asText('by', fields.by),
    own: {
      image: isAbsent(fields.image) ? null : asImage('image', fields.image),
      resources: asResources('resources', fields.resources),
      env: isAbsent(fields.env) ? null : asEnv('env', fields.env),
      dotfiles: asOwnDotfiles('dotfiles', fields.dotfiles),
      autoStart: isAbsent(fields.autoStart) ? null : asAutoStart('autoStart', fields.autoStart),
      autoOff: isAbsent(fields.autoOff) ? null : asAutoOff('autoOff', fields.autoOff),
    },
    continueAsNewAfterEvents: asEvents(fields.continueAsNewAfterEvents),
  };
}

/** The payload of `ping`; `at` in epoch milliseconds, null for now. */
export function parsePing(input: unknown): { via: string; at: number | null } {
  const fields = asObject('ping', input);
  asText('session', fields.session);
  return { via: asText('via', fields.via) || 'api', at: isAbsent(fields.at) ? null : asInstant('at', fields.at) };
}

/** The payload of a message with `by` only. */
export function parseBy(input: unknown): { by: string | null } {
  return { by: asText('by', asObject('input', input).by) };
}

/** The payload of `stop`. */
export function parseStop(input: unknown): { by: string | null; reason: string | null } {
  const fields = asObject('input', input);
  return { by: asText('by', fields.by), reason: asText('reason', fields.reason) };
}

/** The checked payload of `rebuild`. */
export interface RebuildRequest {
  by: string | null;
  reason: string | null;
  /** The settings that become the workspace's own. */
  change: Pick<Partial<OwnSettings>, 'image' | 'resources' | 'env'>;
}

/** The payload of `rebuild`. */
export function parseRebuild(input: unknown): RebuildRequest {
  const fields = asObject('input', input);
  const change: RebuildRequest['change'] = {};
  if (!isAbsent(fields.image)) change.image = asImage('image', fields.image);
  if (!isAbsent(fields.resources)) change.resources = asResources('resources', fields.resources);
  if (!isAbsent(fields.env)) change.env = asEnv('env', fields.env);
  return { ...parseStop(input), change };
}

/** The checked payload of `configure`. */
export interface ConfigureRequest {
  by: string | null;
  /** The fields that are set; null clears one. */
  change: Partial<OwnSettings>;
  /** `resources` was null. */
  clearResources: boolean;
}

/** Null clears a field; an absent field stays unchanged. */
export function parseConfigure(input: unknown): ConfigureRequest {
  const fields = asObject('input', input);
  const change: Partial<OwnSettings> = {};
  if (fields.image !== undefined) change.image = orNull(fields.image, (value) => asImage('image', value));
  if (fields.env !== undefined) change.env = orNull(fields.env, (value) => asEnv('env', value));
  if (fields.dotfiles !== undefined) change.dotfiles = asOwnDotfiles('dotfiles', fields.dotfiles);
  if (fields.autoStart !== undefined) change.autoStart = orNull(fields.autoStart, (value) => asAutoStart('autoStart', value));
  if (fields.autoOff !== undefined) change.autoOff = orNull(fields.autoOff, (value) => asAutoOff('autoOff', value));
  if (!isAbsent(fields.resources)) change.resources = asResources('resources', fields.resources);
  return { by: asText('by', fields.by), change, clearResources: fields.resources === null };
}

/** The payload of `delete`. */
export function parseDelete(input: unknown): { by: string | null; purge: boolean } {
  const fields = asObject('input', input);
  const purge = fields.purge ?? false;
  if (typeof purge !== 'boolean') throw invalid('purge', 'true or false', purge);
  return { by: asText('by', fields.by), purge };
}

/** The payload of the internal signal `podLost`. */
export function parsePodLost(input: unknown): PodLostInput {
  const fields = asObject('input', input);
  const { build, reason, counted, found } = fields;
  if (!isCount(build)) throw invalid('build', 'a build number', build);
  if (typeof reason !== 'string') throw invalid('reason', 'text', reason);
  if (typeof counted !== 'boolean') throw invalid('counted', 'true or false', counted);
  if (isAbsent(found)) return { build, reason: cutText(reason, LINE_LIMIT), counted };
  if (!isCount(found)) throw invalid('found', 'a build number', found);
  return { build, reason: cutText(reason, LINE_LIMIT), counted, found };
}

/** The payload of the internal signal `secretsChanged`. */
export function parseSecretsChanged(input: unknown): { delayMs: number } {
  const { delayMs } = asObject('input', input);
  if (isAbsent(delayMs)) return { delayMs: 0 };
  if (typeof delayMs === 'number' && Number.isSafeInteger(delayMs) && delayMs >= 0 && delayMs <= MINUTE_MS) return { delayMs };
  throw invalid('delayMs', `milliseconds from 0 to ${MINUTE_MS}`, delayMs);
}

/** The number of the queried build; null for the newest. */
export function parseBuildNumber(input: unknown): number | null {
  const number = asObject('input', input).number;
  if (isAbsent(number)) return null;
  if (!isCount(number)) throw invalid('number', 'a build number from 1', number);
  return number;
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
