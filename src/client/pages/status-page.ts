import type { StatusView } from '../../contract/payloads';
import type { PendingStep } from '../pending-step';
import { formatOutcome, formatSteps } from './build-lines';
import { formatTable } from './tables';
import { formatInstant, formatTook } from './times';

interface Page {
  status: StatusView;
  /** The sentence of `explain`. */
  why: string;
  /** What the step under way waits for. */
  pending: PendingStep | null;
  now: number;
}

/** A workspace on one page: what it is, what comes next, what waits, and its build. */
export function formatStatus({ status, why, pending, now }: Page): string {
  const { workspace, state, since, build } = status;
  const rows = [
    ['why', why],
    ['image', formatImage(status.image)],
    ['resources', formatResources(status.resources)],
    [
      'env',
      Object.entries(status.env)
        .map(([name, value]) => `${name}=${value}`)
        .join(' ') || null,
    ],
    ['dotfiles', status.dotfiles && [status.dotfiles.uri, status.dotfiles.ref].filter(Boolean).join(' at ')],
    ['auto-off', formatAutoOff(status, now)],
    ['auto-start', formatAutoStart(status, now)],
    ['purge', status.purgeAt && formatInstant(status.purgeAt, now)],
    ['rebuild required', status.rebuildRequired],
    ['secrets', formatSecrets(status)],
    ['ssh key', status.sshKey],
    ['rejected', formatRejected(status.rejected)],
    ['organization', formatOrganization(status)],
    ['id', status.id],
    ['build', build && formatBuild(build, now)],
    // What there is nothing to say about takes no line.
  ].flatMap(([name, text]) => (text ? [[name ?? '', text]] : []));
  const steps =
    build === null ? [] : [...formatSteps({ build, pending, now }), ...formatOutcome(build).map((line) => `  ${line}`)];
  return [`${workspace} is ${state} since ${formatInstant(since, now)}`, formatTable(rows), ...steps].join('\n');
}

function formatImage({ reference, digest }: StatusView['image']): string {
  return `${reference ?? 'not known yet'}${digest === null ? '' : ` (${digest})`}`;
}

function formatResources({ cpu, memory, disk }: StatusView['resources']): string | null {
  if (cpu === null && memory === null && disk === null) return null;
  return `cpu ${cpu ?? '-'}, memory ${memory ?? '-'}, disk ${disk ?? '-'}`;
}

function formatAutoOff({ autoOff }: StatusView, now: number): string | null {
  const { at, after, source, lastAccess } = autoOff;
  if (after === null) return null;
  const rule = after === 'never' ? 'never' : `after ${after} without access`;
  const access = lastAccess && `last access ${formatInstant(lastAccess.at, now)} via ${lastAccess.via}`;
  return [at && formatInstant(at, now), `${rule}${source === null ? '' : ` (set by the ${source})`}`, access]
    .filter(Boolean)
    .join(', ');
}

function formatAutoStart({ autoStart }: StatusView, now: number): string | null {
  if (autoStart === null) return null;
  const { at, beginsAt, time, timeZone, weekdays, blockedBecause } = autoStart;
  const next = at && `next ${formatInstant(at, now)}`;
  const begins = beginsAt && beginsAt !== at && `its build begins ${beginsAt}`;
  const blocked = blockedBecause && `blocked: ${blockedBecause}`;
  return [[time, timeZone, weekdays?.join(',')].filter(Boolean).join(' '), next, begins, blocked].filter(Boolean).join('; ');
}

function formatSecrets({ secrets }: StatusView): string | null {
  return secrets.map(({ name, scope, version }) => `${name} (${scope}, version ${version})`).join(', ') || null;
}

function formatRejected({ count, last }: StatusView['rejected']): string | null {
  if (count === 0) return null;
  return `${count}${last === null ? '' : `, the last at ${last.at}: ${last.name}: ${last.reason}`}`;
}

function formatOrganization({ organization, policyVersion }: StatusView): string {
  return `${organization}${policyVersion === null ? '' : ` (policy version ${policyVersion})`}`;
}

function formatBuild(build: NonNullable<StatusView['build']>, now: number): string {
  const by = build.by === null ? '' : ` by ${build.by}`;
  const ended = build.endedAt === null ? 'under way for' : 'took';
  return `${build.number}, ${build.cause}${by}, began ${formatInstant(build.startedAt, now)}, ${ended} ${formatTook(build, now)}`;
}
