/** Implements docs/campaigns.md, "What is done with a workspace": the one judgement of a run, a dry run, and the workspace itself. */

import type { CampaignVerdict } from '../../../contract/campaign';
import { MINUTE_MS } from '../../../contract/duration';
import type { WorkspaceFacts } from '../../../contract/internal/campaign';
import { iso } from '../../workspace/rules/instant';

/** A workspace accessed in this time is in use. */
export const IN_USE_MS = 10 * MINUTE_MS;
/** How soon a workspace that another campaign rebuilds is judged again. */
const HELD_AGAIN_MS = 15_000;

/** What a campaign does with a workspace now. */
export interface Judgement {
  verdict: CampaignVerdict;
  /** One short sentence. */
  because: string;
  /** When a wait may be over, in epoch milliseconds; null for the other verdicts. */
  againAt: number | null;
}

/** The organization of the campaign, and its patience with the workspace. */
export interface JudgeOptions {
  organization: string;
  /** Until when it is waited for, in epoch milliseconds; null while the wait has not begun. */
  waitsUntil: number | null;
  now: number;
}

/** Judges a workspace. Only running workspaces are rebuilt, and never two campaigns at a time. */
export function judge(facts: WorkspaceFacts, { organization, waitsUntil, now }: JudgeOptions): Judgement {
  const { state, lastAccessAt } = facts;
  const isPatient = waitsUntil === null || now < waitsUntil;
  if (state === 'ended') return final('skip', 'it has ended');
  if (facts.organization !== organization) return final('skip', 'it belongs to another organization');
  if (facts.isForced && isPatient) {
    return { verdict: 'wait', because: 'another campaign rebuilds it', againAt: now + HELD_AGAIN_MS };
  }
  if (state !== 'running') return final('mark', `its state is ${state}`);
  const idleAt = lastAccessAt === null ? 0 : lastAccessAt + IN_USE_MS;
  if (lastAccessAt !== null && idleAt > now) {
    if (isPatient) return { verdict: 'wait', because: `it was accessed at ${iso(lastAccessAt)}`, againAt: idleAt };
    return final('rebuild', 'it is in use, and the patience has run out');
  }
  return final('rebuild', lastAccessAt === null ? 'it runs unused' : `it was not accessed since ${iso(lastAccessAt)}`);
}

function final(verdict: CampaignVerdict, because: string): Judgement {
  return { verdict, because, againAt: null };
}
