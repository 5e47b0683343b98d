/**
 * Implements docs/messages.md, "Conventions": total checks of single fields, for every message and for policies. Each takes any value
 * and returns one of the right type or throws a Refusal. A schema library would cost memory in every workspace.
 */

import { DAY_MS, formatDuration, MINUTE_MS, parseDuration } from '../../contract/duration';
import { ENV_NAME, OWN_ENV } from '../../contract/env-names';
import { NAME } from '../../contract/names';
import type { AutoOffSetting, AutoStartSetting, Dotfiles, Resources, Weekday } from '../../contract/payloads';
import { WEEKDAYS } from '../../contract/payloads';
import { parseQuantity } from '../../contract/quantity';
import { Malformed } from './malformed';
import { invalid } from './refusal';

const TIME = /^(?:[01]\d|2[0-3]):[0-5]\d$/;
// The grammar of container image references: an optional host with a port, path parts, an optional tag, an optional digest.
const IMAGE =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d+)?\/)?[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*(?::\w[\w.-]{0,127})?(?:@sha256:[a-f0-9]{64})?$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: Git refuses these.
const REF_NEVER = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{/;
const TOKEN = /^(?:gh[pousr]_|github_pat_|glpat-)/;
const HOME_ID = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
// The offset is required: without one, Date.parse would use the host's zone.
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})$/;
const TEXT_MAX = 200;
const ENV_MAX_BYTES = 32 * 1024;

/** The fields of a received object, unchecked. */
export type Fields = Record<string, unknown>;

/** A message's payload: an object; an absent argument and null mean `{}`. */
export function asObject(field: string, value: unknown): Fields {
  if (value === undefined || value === null) return {};
  if (value instanceof Malformed) throw invalid(field, 'one JSON object', value.reason);
  if (typeof value !== 'object' || Array.isArray(value) || ArrayBuffer.isView(value))
    throw invalid(field, 'one JSON object', value);
  return value as Fields;
}

/** The name of an owner, a workspace, or an organization. */
export function asName(field: string, value: unknown): string {
  if (typeof value === 'string' && NAME.test(value)) return value;
  throw invalid(field, '1 to 40 of a-z, 0-9, and "-", starting and ending with a letter or digit', value);
}

/** Free text such as `by` or `reason`; null when absent. */
export function asText(field: string, value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' && isAtMost(value, TEXT_MAX)) return value.toWellFormed();
  throw invalid(field, `text of at most ${TEXT_MAX} characters`, value);
}

/** An image reference. */
export function asImage(field: string, value: unknown): string {
  if (typeof value === 'string' && value.length <= 255 && IMAGE.test(value)) return value;
  throw invalid(field, 'an image reference of at most 255 characters, such as starter:1', value);
}

/** An instant with its offset, as epoch milliseconds. */
export function asInstant(field: string, value: unknown): number {
  const at = typeof value === 'string' && INSTANT.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(at)) throw invalid(field, 'an instant such as 2026-03-29T06:30:00.000Z', value);
  return at;
}

/** The id of a home to adopt. */
export function asHomeId(field: string, value: unknown): string {
  if (typeof value === 'string' && HOME_ID.test(value)) return value;
  throw invalid(field, 'the id of a home, as `perennial orphans list` shows it', value);
}

/** Any of `cpu`, `memory`, `disk`, each a positive Kubernetes quantity. */
export function asResources(field: string, value: unknown): Partial<Resources> {
  const fields = asObject(field, value);
  const resources: Partial<Resources> = {};
  for (const key of ['cpu', 'memory', 'disk'] as const) {
    const text = fields[key];
    if (text === undefined || text === null) continue;
    const number = typeof text === 'string' ? parseQuantity(text) : null;
    if (typeof text !== 'string' || number === null || !(number > 0) || !Number.isFinite(number)) {
      throw invalid(`${field}.${key}`, 'a Kubernetes quantity above zero, such as 500m or 4Gi', text);
    }
    resources[key] = text;
  }
  return resources;
}

/** At most 32 KiB, counted as stored: an escaped character counts as its escape sequence. */
export function asEnv(field: string, value: unknown): Record<string, string> {
  const pairs: [string, string][] = [];
  let bytes = 0;
  for (const [name, text] of Object.entries(asObject(field, value))) {
    if (!ENV_NAME.test(name)) throw invalid(field, 'names of letters, digits, and "_", not starting with a digit', name);
    if (OWN_ENV.test(name)) throw invalid(field, 'no name that the workspace sets itself', name);
    if (typeof text !== 'string' || text.includes('\0')) throw invalid(`${field}.${name}`, 'text without NUL', text);
    bytes += name.length + new TextEncoder().encode(JSON.stringify(text.toWellFormed())).length - 2;
    pairs.push([name, text.toWellFormed()]);
  }
  if (bytes > ENV_MAX_BYTES) throw invalid(field, 'at most 32 KiB in all', `${bytes} bytes`);
  return Object.fromEntries(pairs);
}

/** Null for blank: no dotfiles. */
export function asDotfiles(field: string, value: unknown): Dotfiles | null {
  if (value === undefined || value === null) return null;
  const { uri = '', ref } = asObject(field, value);
  if (uri === null) return null;
  if (typeof uri !== 'string') throw invalid(`${field}.uri`, 'a URI', uri);
  if (uri.trim() === '') return null;
  if (!isGitUri(uri))
    throw invalid(`${field}.uri`, 'an https, ssh, git@host:path, or file URI without credentials in it', maskUri(uri));
  if (ref === undefined || ref === null || ref === '') return { uri };
  if (typeof ref !== 'string' || !isRefName(ref))
    throw invalid(`${field}.ref`, 'a branch, tag, or commit as Git names them', ref);
  return { uri, ref };
}

/** A workspace's own dotfiles: null leaves them to the owner's settings, a blank URI is kept and means none. */
export function asOwnDotfiles(field: string, value: unknown): Dotfiles | null {
  const dotfiles = asDotfiles(field, value);
  if (dotfiles !== null || value === undefined || value === null) return dotfiles;
  return typeof asObject(field, value).uri === 'string' ? { uri: '' } : null;
}

/**
 * Refuses dotfiles with a ref and no URI, since the ref would be lost. Apart from `asDotfiles`, which earlier versions ran without it:
 * a history that took such dotfiles has to replay.
 */
export function refuseLoneRef(field: string, value: unknown): void {
  if (isLoneRef(value)) throw invalid(`${field}.uri`, 'a URI beside the ref', (value as Fields).uri);
}

/** Whether these are dotfiles with a ref and no URI. */
export function isLoneRef(value: unknown): boolean {
  if (value === undefined || value === null) return false;
  const { uri, ref } = asObject('dotfiles', value);
  return isBlank(uri) && !isBlank(ref);
}

const isBlank = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === 'string' && value.trim() === '');

/** A workspace's own auto-off. */
export function asAutoOff(field: string, value: unknown): AutoOffSetting {
  return { after: asAfter(`${field}.after`, asObject(field, value).after) };
}

/** `never`, or a duration from 1 minute to 30 days. */
export function asAfter(field: string, value: unknown): string {
  if (value === 'never') return value;
  return checkDuration(field, value, { min: MINUTE_MS, max: 30 * DAY_MS });
}

/** Missing fields come from the owner's settings. Does not check that the zone exists: zone data belongs to the machine and may differ on replay. */
export function asAutoStart(field: string, value: unknown): AutoStartSetting {
  const { time, timeZone, weekdays } = asObject(field, value);
  const setting: AutoStartSetting = {};
  if (time !== undefined && time !== null) setting.time = asTime(`${field}.time`, time);
  if (timeZone !== undefined && timeZone !== null) setting.timeZone = asZoneName(`${field}.timeZone`, timeZone);
  if (weekdays === undefined || weekdays === null) return setting;
  const days = asWeekdays(`${field}.weekdays`, weekdays);
  if (days.length === 0) throw invalid(`${field}.weekdays`, `at least one of ${WEEKDAYS.join(', ')}`, weekdays);
  return { ...setting, weekdays: days };
}

function asTime(field: string, value: unknown): string {
  if (typeof value === 'string' && TIME.test(value)) return value;
  throw invalid(field, 'HH:MM from 00:00 to 23:59', value);
}

function asZoneName(field: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && value.length <= 64) return value;
  throw invalid(field, 'an IANA time zone such as Europe/Berlin', value);
}

/** In the order of the week, each once. */
export function asWeekdays(field: string, value: unknown): Weekday[] {
  if (!Array.isArray(value)) throw invalid(field, 'a list of mon, tue, wed, thu, fri, sat, sun', value);
  for (const day of value) {
    if (!WEEKDAYS.includes(day as Weekday)) throw invalid(field, `only ${WEEKDAYS.join(', ')}`, day);
  }
  return WEEKDAYS.filter((day) => value.includes(day));
}

/** Counts code points, and no more of a long text than necessary. */
function isAtMost(text: string, count: number): boolean {
  return text.length <= 2 * count && [...text].length <= count;
}

function isGitUri(uri: string): boolean {
  if (uri.length > 2_000 || [...uri].some((char) => char <= ' ' || char === '\u007f')) return false;
  if (/^git@[A-Za-z0-9.-]+:[^:]+$/.test(uri)) return true;
  try {
    const { protocol, username, password, host, pathname } = new URL(uri);
    if (password !== '') return false;
    if (protocol === 'file:') return host === '' && pathname.length > 1;
    // Some hosts take a token as the user name, and histories keep this text.
    if (TOKEN.test(username)) return false;
    if (protocol === 'https:') return host !== '';
    return protocol === 'ssh:' && host !== '' && !username.startsWith('-');
  } catch {
    return false;
  }
}

/** The rules of git-check-ref-format; at most 255 characters, since Git stores each part as a file name. */
function isRefName(ref: string): boolean {
  if ([...ref].length > 255 || REF_NEVER.test(ref) || ref === '@' || ref.startsWith('-') || ref.endsWith('.')) return false;
  return ref.split('/').every((part) => part !== '' && !part.startsWith('.') && !part.endsWith('.lock'));
}

function maskUri(uri: string): string {
  return uri.replace(/\/\/[^/@]*@/, '//***@');
}

/** Checks a duration against its bounds, in milliseconds, and returns the text unchanged. */
export function checkDuration(field: string, value: unknown, bounds: { min: number; max: number }): string {
  const ms = typeof value === 'string' ? parseDuration(value) : null;
  if (typeof value !== 'string' || ms === null || ms < bounds.min || ms > bounds.max) {
    const range = `from ${formatDuration(bounds.min)} to ${formatDuration(bounds.max)}`;
    throw invalid(field, `a duration ${range}, such as 1h30m`, value);
  }
  return value;
}
