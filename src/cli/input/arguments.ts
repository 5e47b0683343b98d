/** Reading single arguments. What the workspace would refuse by its shape is wrong usage here, by the workspace's own checks. */
import { InvalidArgumentError } from 'commander';
import type { AutoStartSetting, Dotfiles, Resources, Weekday } from '../../contract/payloads';
import { isTimeZone } from '../../contract/time-zone';
import {
  asAfter,
  asAutoStart,
  asDotfiles,
  asEnv,
  asHomeId,
  asImage,
  asName,
  asResources,
  asText,
  asWeekdays,
} from '../../workflows/input/fields';
import { Refusal } from '../../workflows/input/refusal';

/** Which workspace a command is about. */
export interface WorkspaceName {
  owner: string;
  name: string;
}

/** `OWNER/NAME`. */
export function parseWorkspace(text: string): WorkspaceName {
  const [owner = '', name = '', ...rest] = text.split('/');
  try {
    if (rest.length === 0) return { owner: asName('owner', owner), name: asName('name', name) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
  throw new InvalidArgumentError(
    'Expected OWNER/NAME, such as ada/dev: each 1 to 40 of a-z, 0-9, and "-", starting and ending with a letter or digit.',
  );
}

/** The name of an owner or an organization. */
export const parseName = checking((text) => asName('name', text));

/** A container image's reference. */
export const parseImage = checking((text) => asImage('image', text));

/** The id of a home, as the list of orphans shows it. */
export const parseHomeId = checking((text) => asHomeId('home', text));

/** Free text such as a reason. */
export const parseText = checking((text) => asText('text', text) ?? '');

/** `never`, or a duration. */
export const parseAutoOff = (text: string): string => {
  try {
    return asAfter('autoOff', text);
  } catch {
    // The workspace's own sentence leaves out the one word that is no duration.
    throw new InvalidArgumentError('Expected "never", or a duration from 1m to 30d, such as 1h30m.');
  }
};

/** A parser of one resource's quantity. */
export const parseResource = (key: keyof Resources) => checking((text) => asResources('resources', { [key]: text })[key] ?? text);

/** `HH:MM ZONE`, with weekdays behind it or without. */
export function parseAutoStart(text: string): AutoStartSetting {
  const [time, timeZone = '', weekdays, ...rest] = text.trim().split(/\s+/);
  try {
    if (rest.length === 0 && isTimeZone(timeZone)) {
      return asAutoStart('autoStart', { time, timeZone, ...(weekdays === undefined ? {} : { weekdays: weekdays.split(',') }) });
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
  const examples = '"HH:MM ZONE" or "HH:MM ZONE mon,tue", such as "08:30 Europe/Berlin"';
  throw new InvalidArgumentError(`Expected ${examples}, with the zone's name in the tz database.`);
}

/** Weekdays with commas between them; they come back in the order of the week. */
export const parseWeekdays = checking((text): Weekday[] => asWeekdays('weekdays', text.split(',')));

/** One `KEY=VALUE` more. */
export function collectEnv(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Expected KEY=VALUE.');
  return checking(() => asEnv('env', { ...before, [text.slice(0, at)]: text.slice(at + 1) }))(text);
}

/** The URI as it is, whatever signs are in it; blank means none, as in the message. */
export const parseDotfiles = checking((text): Dotfiles => asDotfiles('dotfiles', { uri: text }) ?? { uri: '' });

/** A branch, tag, or commit, as Git names them. */
export const parseDotfilesRef = checking((text): string => {
  const anyUri = 'https://example.com/dotfiles';
  return asDotfiles('dotfiles', { uri: anyUri, ref: text })?.ref ?? '';
});

/** A moment, as the contract writes it. */
export function parseInstant(text: string): string {
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d.*(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) throw new InvalidArgumentError('Expected an instant such as 2026-03-29T06:30:00Z.');
  return new Date(at).toISOString();
}

/** Builds are numbered from 1. */
export function parseBuildNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("Expected a build's number, from 1.");
  return Number(text);
}

/** Turns a refusal, which names a field of the message, into a sentence about the option. */
function checking<T>(check: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return check(text);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw new InvalidArgumentError(`${error.message.replace(/^[^:]*: expected/, 'Expected')}.`);
    }
  };
}
