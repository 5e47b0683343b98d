/**
 * Implements docs/messages.md, "Workflows": Markdown for the Web UI, the most important line first, since the box cuts long text.
 */
import { autoOffThreshold } from '../auto-off';
import { blockedBecause, hasSchedule } from '../auto-start';
import { nextSpec } from '../build-spec';
import { upcoming } from '../decide';
import { iso } from '../instant';
import { deliveredSecrets } from '../secrets/refresh';
import { type BuildRecord, newestBuild, type State, type StepRecord } from '../state';
import { because } from './explain';
import { rebuildRequired } from './status';

const ICONS: Record<StepRecord['state'], string> = {
  waiting: '·',
  running: '▶',
  done: '✓',
  skipped: '–',
  warning: '⚠',
  failed: '✗',
  cancelled: '⊘',
};

/** The current details as of `now`. */
export function viewDetails(state: State, now: number): string {
  const build = newestBuild(state);
  const lines = [`**${state.phase}** since ${clock(state.since)} · ${nextLine(state)}`, '', `Why: ${because(state, now)}`];
  const required = rebuildRequired(state, nextSpec(state));
  if (required) lines.push('', `Rebuild waiting: ${required}`);
  const skipped = hasSchedule(state) ? blockedBecause(state) : null;
  if (skipped) lines.push('', `No auto-start: ${skipped}`);
  if (build) lines.push('', ...buildLines(build));
  const given = secretsLine(state);
  if (given) lines.push('', given);
  lines.push('', accessLine(state), '', `Home \`${state.id}\`${state.home ? `, ${state.home.disk}` : ', not made yet'}`);
  if (state.rejected.last) {
    const { name, reason } = state.rejected.last;
    lines.push('', `Rejected signals: ${state.rejected.count}, the last one \`${name}\`: ${reason}`);
  }
  return lines.join('\n');
}

function nextLine(state: State): string {
  const [next] = upcoming(state);
  if (next) return `next: ${next.what} ${clock(next.at)}`;
  if (state.phase === 'running' && autoOffThreshold(state)?.after === 'never') return 'next: nothing, auto-off is never';
  return state.phase === 'building' || state.phase === 'turning-off' ? 'working' : 'next: nothing planned';
}

function buildLines(build: BuildRecord): string[] {
  const digest = build.digest ? ` (\`${build.digest.slice(0, 19)}\`)` : '';
  const lines = [
    `Build ${build.number} of image \`${build.spec.image}\`${digest}, ${build.cause}${build.by ? ` by ${build.by}` : ''}`,
    '',
  ];
  for (const step of build.steps)
    lines.push(`- ${ICONS[step.state]} ${step.name}${stepTime(step)}${step.message ? `: ${step.message}` : ''}`);
  if (build.failure) lines.push('', `Failed in ${build.failure.step}: ${build.failure.type}: ${build.failure.message}`);
  for (const warning of build.warnings) lines.push('', `Warning: ${warning}`);
  return lines;
}

function stepTime({ startedAt, endedAt, attempt }: StepRecord): string {
  if (startedAt === null) return '';
  const again = attempt > 1 ? `, attempt ${attempt}` : '';
  return endedAt === null ? ` since ${clock(startedAt)}${again}` : ` ${((endedAt - startedAt) / 1000).toFixed(1)} s${again}`;
}

/** Counts only: the names are in `status`. */
function secretsLine(state: State): string | null {
  const { secrets, sshKey } = deliveredSecrets(state);
  if (secrets.length === 0 && sshKey === null) return null;
  return `Secrets: ${secrets.length}${sshKey === null ? '' : `, SSH key \`${sshKey}\``}`;
}

function accessLine(state: State): string {
  return state.lastAccess ? `Last access ${clock(state.lastAccess.at)} via ${state.lastAccess.via}` : 'No access yet';
}

function clock(ms: number): string {
  return `${iso(ms).slice(0, 19).replace('T', ' ')} UTC`;
}
