/** Reading the arguments of campaigns, by the campaign's own checks. */
import { InvalidArgumentError } from 'commander';
import { DAY_MS } from '../../contract/duration';
import { DEFAULT_ORGANIZATION } from '../../contract/names';
import { asName, checkDuration } from '../../workflows/input/fields';
import { Refusal } from '../../workflows/input/refusal';

/** Which campaign a command is about. */
export interface CampaignName {
  organization: string;
  id: string;
}

/** `ORGANIZATION/ID`, or the id alone of a campaign of the default organization. */
export function parseCampaignName(text: string): CampaignName {
  const parts = text.split('/');
  const [organization, id] = parts.length === 1 ? [DEFAULT_ORGANIZATION, text] : parts;
  try {
    if (parts.length <= 2) return { organization: asName('organization', organization), id: asName('id', id) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
  throw new InvalidArgumentError(
    'Expected ORGANIZATION/ID or ID, such as default/jdk-21: each 1 to 40 of a-z, 0-9, and "-", starting and ending with a letter or digit.',
  );
}

/** A whole number from 1. */
export function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Expected a whole number from 1.');
  return Number(text);
}

/** A duration up to 30 days. */
export function parsePatience(text: string): string {
  try {
    return checkDuration('patience', text, { min: 0, max: 30 * DAY_MS });
  } catch {
    throw new InvalidArgumentError('Expected a duration up to 30d, such as 15m; 0s is none.');
  }
}

/** A visibility query, which only the server can check. */
export function parseWhere(text: string): string {
  if (text.trim() !== '' && text.length <= 1_000) return text;
  throw new InvalidArgumentError("Expected a visibility query of at most 1000 characters, such as Owner='ada'.");
}
