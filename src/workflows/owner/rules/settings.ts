/** Implements docs/owners.md, "Settings": the check of a change, and its merge into what is set. */
import type { OwnerSettings } from '../../../contract/payloads';
import { asAutoStart, asDotfiles, asObject, asText, refuseLoneRef } from '../../input/fields';

/** A checked change of an owner's settings. */
export interface OwnerChange {
  by: string | null;
  settings: OwnerSettings;
  /** The fields that were set, as dotted paths. */
  fields: string[];
}

/** Merges a `configure` into the settings. Throws a Refusal for a wrong field. */
export function mergeSettings(settings: OwnerSettings, input: unknown): OwnerChange {
  const { by, dotfiles, autoStart } = asObject('input', input);
  const fields: string[] = [];
  const merged = { ...settings };
  if (dotfiles !== undefined) {
    refuseLoneRef('dotfiles', dotfiles);
    merged.dotfiles = asDotfiles('dotfiles', dotfiles);
    fields.push('dotfiles');
  }
  if (autoStart === null) merged.autoStart = null;
  if (autoStart !== undefined) fields.push(...(autoStart === null ? ['autoStart'] : namedIn(autoStart)));
  if (autoStart !== undefined && autoStart !== null) merged.autoStart = mergeAutoStart(settings.autoStart, autoStart);
  return { by: asText('by', by), settings: merged, fields };
}

/** An absent field stays as it is, null clears it. */
function mergeAutoStart(present: OwnerSettings['autoStart'], sent: unknown): OwnerSettings['autoStart'] {
  const { time, timeZone } = asObject('autoStart', sent);
  const checked = asAutoStart('autoStart', { time: time ?? '00:00', timeZone: timeZone ?? 'UTC' });
  const merged = {
    time: time === undefined ? (present?.time ?? null) : time === null ? null : (checked.time ?? null),
    timeZone: timeZone === undefined ? (present?.timeZone ?? null) : timeZone === null ? null : (checked.timeZone ?? null),
  };
  return merged.time === null && merged.timeZone === null ? null : merged;
}

function namedIn(autoStart: unknown): string[] {
  const sent = asObject('autoStart', autoStart);
  return ['time', 'timeZone'].filter((key) => sent[key] !== undefined).map((key) => `autoStart.${key}`);
}
