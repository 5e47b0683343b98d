/** Implements docs/campaigns.md, "Pause, resume, cancel": what the signals of a campaign change. */
import { parseBy } from '../../input/messages';
import { type CampaignState, isEnding, warningMs } from './state';

/** A signal of a campaign. */
export type CampaignSignal = 'pause' | 'resume' | 'cancel';

/** Takes a signal with any content. Never throws; a malformed signal is counted. */
export function takeCampaignSignal(state: CampaignState, name: CampaignSignal, input: unknown, now: number): void {
  try {
    CONTROLS[name](state, parseBy(input).by, now);
  } catch {
    state.rejected += 1;
  }
}

/** Begins no further rebuild. A campaign that ends already is unchanged. */
export function cancel(state: CampaignState, by: string | null): void {
  if (isEnding(state) || state.phase === 'done') return;
  state.phase = 'cancelled';
  state.because = byWhom('cancelled', by);
}

const CONTROLS: Record<CampaignSignal, (state: CampaignState, by: string | null, now: number) => void> = {
  pause: (state, by) => {
    if (state.phase !== 'running') return;
    state.phase = 'paused';
    state.because = byWhom('paused', by);
  },
  resume: (state, _by, now) => {
    if (state.phase !== 'paused') return;
    state.phase = 'running';
    state.because = null;
    renewWaits(state, now);
  },
  cancel,
};

/** A wait that ended during the pause begins its last part again, with a warning. */
function renewWaits(state: CampaignState, now: number): void {
  for (const record of state.records ?? []) {
    if (record.state !== 'waiting' || record.until === null || record.until > now) continue;
    Object.assign(record, { until: now + warningMs(state), isWarned: false });
  }
}

function byWhom(what: string, by: string | null): string {
  return by === null ? `it was ${what}` : `${what} by ${by}`;
}
