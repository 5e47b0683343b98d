/** Implements docs/campaigns.md, "Progress": the answers of `progress` and `workspaces`, and the Markdown of the Web UI. */
import type { CampaignProgress, CampaignVerdict, CampaignWorkspacesView } from '../../../contract/campaign';
import { parseOffset } from '../../input/campaign';
import { iso, isoOrNull } from '../../workspace/rules/instant';
import { type CampaignState, KEPT_FAILURES, tally, type WorkspaceRecord } from './state';

const PAGE = 500;
/** The Web UI cuts long text. */
const SHOWN = 10;
const BAR = 30;

/** The answer of `progress`. */
export function viewProgress(state: CampaignState): CampaignProgress {
  const { done, failed, marked, skipped, inconclusive, pending, waiting, building } = tally(state);
  const records = state.records ?? [];
  return {
    state: state.phase,
    because: state.because,
    dryRun: state.settings.dryRun,
    total: records.length,
    done,
    failed,
    marked,
    skipped,
    inconclusive,
    pending: pending + waiting + building,
    waiting,
    building,
    verdicts: verdictsOf(records),
    failures: records
      .filter((record) => record.state === 'failed')
      .slice(0, KEPT_FAILURES)
      .map(({ workspace, because }) => ({ workspace, reason: because ?? '' })),
  };
}

/** The result of the campaign; of a dry run with the first workspaces, which are its answer. */
export function viewResult(state: CampaignState): CampaignProgress {
  const progress = viewProgress(state);
  return state.settings.dryRun ? { ...progress, workspaces: viewWorkspaces(state, {}).workspaces } : progress;
}

/** The answer of `workspaces`. Throws a Refusal for a wrong offset. */
export function viewWorkspaces(state: CampaignState, input: unknown): CampaignWorkspacesView {
  const offset = parseOffset(input);
  const records = state.records ?? [];
  const page = records.slice(offset, offset + PAGE);
  return {
    total: records.length,
    workspaces: page.map(({ workspace, state: at, verdict, because, build, until }) => {
      return { workspace, state: at, verdict, because, build, waitsUntil: isoOrNull(until) };
    }),
    next: offset + page.length < records.length ? offset + page.length : null,
  };
}

/** The current details, the most important line first. */
export function viewCampaignDetails(state: CampaignState): string {
  const { settings, records } = state;
  const progress = viewProgress(state);
  const finished = progress.total - progress.pending;
  const lines = [`**${headline(state)}** · ${settings.dryRun ? 'dry run' : `${finished} of ${progress.total} finished`}`];
  if (state.because !== null) lines.push('', `Because: ${state.because}`);
  lines.push('', `Why: ${settings.reason} (by ${settings.by})`, '', `\`${bar(finished, progress.total)}\``, '');
  lines.push(`${countsLine(progress)}`);
  lines.push(...listed('Building', records, 'building'), ...listed('Waiting for its user', records, 'waiting'));
  lines.push(...listed('Failed', records, 'failed'), ...listed('Unknown', records, 'inconclusive'));
  lines.push('', settingsLine(state));
  if (state.rejected > 0) lines.push('', `Rejected signals: ${state.rejected}`);
  return lines.join('\n');
}

function headline({ phase, records, settings, endedAt }: CampaignState): string {
  if (phase === 'running' && records === null && settings.notBefore !== null) return `begins at ${iso(settings.notBefore)}`;
  return endedAt === null && (phase === 'stopped' || phase === 'cancelled') ? `${phase}, rebuilds under way end` : phase;
}

function countsLine(progress: CampaignProgress): string {
  const { done, failed, marked, skipped, inconclusive, waiting, building, verdicts } = progress;
  if (progress.dryRun) {
    const { rebuild, mark, wait, skip } = verdicts;
    return `would rebuild ${rebuild}, wait for ${wait} and then rebuild them, mark ${mark}, skip ${skip}`;
  }
  return `done ${done} · failed ${failed} · marked ${marked} · building ${building} · waiting ${waiting} · skipped ${skipped} · unknown ${inconclusive}`;
}

function settingsLine({ settings }: CampaignState): string {
  const { image, where, atOnce, maxFailures, canary, patience } = settings;
  const what = `image ${image === null ? 'as set' : `\`${image}\``}${where === null ? '' : `, where \`${where}\``}`;
  return `Settings: ${what}, at once ${atOnce}, canary ${canary}, at most ${maxFailures} failures, patience ${patience}`;
}

function listed(title: string, records: WorkspaceRecord[] | null, state: WorkspaceRecord['state']): string[] {
  const found = (records ?? []).filter((record) => record.state === state);
  if (found.length === 0) return [];
  const shown = found.slice(0, SHOWN).map(({ workspace, because, until }) => {
    const wait = until === null ? '' : `, until ${iso(until)}`;
    return `- \`${workspace}\`${because === null ? '' : `: ${because}`}${wait}`;
  });
  const rest = found.length > SHOWN ? [`- and ${found.length - SHOWN} more`] : [];
  return ['', `${title}:`, '', ...shown, ...rest];
}

function bar(finished: number, total: number): string {
  const filled = total === 0 ? 0 : Math.floor((finished / total) * BAR);
  return `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)}`;
}

function verdictsOf(records: WorkspaceRecord[]): Record<CampaignVerdict, number> {
  const counts = { rebuild: 0, mark: 0, wait: 0, skip: 0 };
  for (const { verdict } of records) if (verdict !== null) counts[verdict] += 1;
  return counts;
}
