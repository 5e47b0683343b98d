/** Implements docs/messages.md, "Messages of a campaign": total checks of what starts a campaign, and of what it sends to workspaces. */

import type { CampaignInput } from '../../contract/campaign';
import { DAY_MS } from '../../contract/duration';
import type { ForceRebuildInput, RequiredInput } from '../../contract/internal/campaign';
import { asImage, asInstant, asName, asObject, asText, checkDuration, type Fields } from './fields';
import { invalid } from './refusal';

const MAX_AT_ONCE = 500;
const MAX_WHERE = 1_000;
const KINDS = ['mark', 'announce', 'withdraw'] as const;

/** The checked input of the workflow `campaign`. */
export interface CampaignSettings {
  organization: string;
  by: string;
  reason: string;
  image: string | null;
  where: string | null;
  atOnce: number;
  maxFailures: number;
  canary: number;
  /** A duration. */
  patience: string;
  /** Epoch milliseconds; null for at once. */
  notBefore: number | null;
  dryRun: boolean;
  /** Set by tests; null leaves it to the server's suggestion. */
  continueAsNewAfterEvents: number | null;
}

/** The input of the workflow `campaign`. */
export function parseCampaign(input: unknown): CampaignSettings {
  const fields = asObject('input', input) as Fields & Partial<Record<keyof CampaignInput, unknown>>;
  const { image, where, canary, patience, notBefore, dryRun, continueAsNewAfterEvents: events } = fields;
  if (!isAbsent(dryRun) && typeof dryRun !== 'boolean') throw invalid('dryRun', 'true or false', dryRun);
  return {
    organization: asName('organization', fields.organization),
    by: asSentence('by', fields.by),
    reason: asSentence('reason', fields.reason),
    image: isAbsent(image) ? null : asImage('image', image),
    where: isAbsent(where) ? null : asWhere(where),
    atOnce: asCount('atOnce', fields.atOnce, MAX_AT_ONCE),
    maxFailures: asCount('maxFailures', fields.maxFailures),
    canary: isAbsent(canary) ? 1 : asCount('canary', canary),
    patience: isAbsent(patience) ? '15m' : checkDuration('patience', patience, { min: 0, max: 30 * DAY_MS }),
    notBefore: isAbsent(notBefore) ? null : asInstant('notBefore', notBefore),
    dryRun: dryRun === true,
    continueAsNewAfterEvents: typeof events === 'number' && Number.isInteger(events) && events >= 20 ? events : null,
  };
}

/** The payload of the internal signal `required`. */
export function parseRequired(input: unknown): RequiredInput {
  const fields = asObject('input', input);
  const kind = KINDS.find((known) => known === fields.kind);
  if (kind === undefined) throw invalid('kind', `one of ${KINDS.join(', ')}`, fields.kind);
  const rebuildAt = asMomentOrNull('rebuildAt', fields.rebuildAt);
  if (kind === 'announce' && rebuildAt === null) throw invalid('rebuildAt', 'an instant in milliseconds', rebuildAt);
  const endsAt = kind === 'announce' ? asMomentOrNull('endsAt', fields.endsAt) : null;
  return { ...asRequest(fields), kind, rebuildAt, ...(endsAt !== null && { endsAt }) };
}

/** The payload of the internal update `forceRebuild`. */
export function parseForceRebuild(input: unknown): ForceRebuildInput {
  const fields = asObject('input', input);
  return {
    ...asRequest(fields),
    organization: asName('organization', fields.organization),
    waitsUntil: asMomentOrNull('waitsUntil', fields.waitsUntil),
  };
}

/** The payload of the query `workspaces`. */
export function parseOffset(input: unknown): number {
  const { offset } = asObject('input', input);
  if (isAbsent(offset)) return 0;
  if (typeof offset === 'number' && Number.isSafeInteger(offset) && offset >= 0) return offset;
  throw invalid('offset', 'a number from 0', offset);
}

function asRequest(fields: Fields): Omit<ForceRebuildInput, 'organization' | 'waitsUntil'> {
  return {
    campaign: asSentence('campaign', fields.campaign),
    key: asSentence('key', fields.key),
    by: asSentence('by', fields.by),
    reason: asSentence('reason', fields.reason),
    image: isAbsent(fields.image) ? null : asImage('image', fields.image),
  };
}

function asSentence(field: string, value: unknown): string {
  const text = asText(field, value);
  if (text === null || text.trim() === '') throw invalid(field, 'text of 1 to 200 characters', value);
  return text;
}

function asWhere(value: unknown): string {
  if (typeof value === 'string' && value.trim() !== '' && value.length <= MAX_WHERE) return value.toWellFormed();
  throw invalid('where', `a visibility query of 1 to ${MAX_WHERE} characters, such as Owner='ada'`, value);
}

function asCount(field: string, value: unknown, max = Number.MAX_SAFE_INTEGER): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 && value <= max) return value;
  throw invalid(field, max === Number.MAX_SAFE_INTEGER ? 'a whole number from 1' : `a whole number from 1 to ${max}`, value);
}

function asMomentOrNull(field: string, value: unknown): number | null {
  if (isAbsent(value)) return null;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalid(field, 'an instant in milliseconds', value);
}

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}
