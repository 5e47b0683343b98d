import type { CampaignProgress, CampaignWorkspace } from '../../contract/payloads';
import { formatTable } from './tables';

const BAR = 30;
const SHOWN_FAILURES = 20;

/** The progress of a campaign: its state, a bar, the counts, and the first failures. */
export function formatProgress(campaign: string, progress: CampaignProgress): string[] {
  const { state, because, dryRun, total, pending, failures } = progress;
  const finished = total - pending;
  const title = `campaign ${campaign} is ${state}${dryRun ? `: dry run over ${total} workspaces` : ''}${because === null ? '' : `: ${because}`}`;
  if (dryRun) return [title, formatVerdicts(progress)];
  const filled = total === 0 ? 0 : Math.floor((finished / total) * BAR);
  const bar = `[${'#'.repeat(filled)}${'.'.repeat(BAR - filled)}] ${finished} of ${total} finished`;
  const rows = failures.slice(0, SHOWN_FAILURES).map(({ workspace, reason }) => ['', workspace, reason]);
  const more = failures.length > SHOWN_FAILURES ? [`  and ${failures.length - SHOWN_FAILURES} more`] : [];
  return [title, bar, formatCounts(progress), ...(rows.length > 0 ? ['failed', ...formatTable(rows).split('\n'), ...more] : [])];
}

/** One line for a log. */
export function formatProgressLine(campaign: string, progress: CampaignProgress): string {
  const { state, total, pending } = progress;
  return `campaign ${campaign} is ${state}: ${total - pending} of ${total} finished (${formatCounts(progress)})`;
}

/** The workspaces of a campaign, each with what is or would be done with it, and why. */
export function formatCampaignWorkspaces(workspaces: CampaignWorkspace[], dryRun: boolean): string {
  if (workspaces.length === 0) return 'No workspaces.';
  const rows = workspaces.map(({ workspace, state, verdict, because, waitsUntil }) => {
    const why = [because, waitsUntil && `waited for until ${waitsUntil}`].filter(Boolean).join('; ') || '-';
    return dryRun ? ['', workspace, verdict ?? '-', why] : ['', workspace, state, verdict ?? '-', why];
  });
  return formatTable([dryRun ? ['', 'WORKSPACE', 'WOULD', 'WHY'] : ['', 'WORKSPACE', 'STATE', 'VERDICT', 'WHY'], ...rows]);
}

function formatCounts({ done, failed, marked, skipped, inconclusive, waiting, building }: CampaignProgress): string {
  const counts = { done, failed, marked, building, waiting, skipped, inconclusive };
  const shown = Object.entries(counts).filter(([name, count]) => count > 0 || name === 'done' || name === 'failed');
  return shown.map(([name, count]) => `${name} ${count}`).join(', ');
}

function formatVerdicts({ verdicts: { rebuild, wait, mark, skip } }: CampaignProgress): string {
  return `would rebuild ${rebuild}, wait for ${wait} and then rebuild, mark ${mark}, skip ${skip}`;
}
