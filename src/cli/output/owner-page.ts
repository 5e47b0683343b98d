import { formatTable } from '../../client/pages/tables';
import type { OwnerView } from '../../contract/payloads';
import type { QuotaPolicy } from '../../contract/policy';

/** An owner's settings, the quota in use, and the workspaces that use it. */
export function formatOwner({ owner, organization, settings, changed, usage, quota, workspaces }: OwnerView): string {
  const { dotfiles, autoStart } = settings;
  // Unknown before the first build, which is the first to bring the policy here.
  const limit = (name: keyof QuotaPolicy) => (quota === null ? '-' : String(quota[name] ?? 'none'));
  const own = [
    ['dotfiles', dotfiles ? [dotfiles.uri, dotfiles.ref].filter(Boolean).join(' at ') : 'none'],
    ['auto-start', autoStart ? `${autoStart.time ?? 'no time'} ${autoStart.timeZone ?? 'in no zone'}` : 'none'],
    ...(changed ? [['changed', `${changed.at}${changed.by === null ? '' : ` by ${changed.by}`}`]] : []),
  ];
  const used = [
    ['', 'IN USE', 'LIMIT (LAST BUILD)'],
    ['running', String(usage.running), limit('runningPerOwner')],
    ['cpu', usage.cpu, limit('cpuPerOwner')],
    ['memory', usage.memory, limit('memoryPerOwner')],
    ['homes', String(usage.homes), limit('homesPerOwner')],
    ['disk', usage.disk, limit('diskPerOwner')],
  ];
  const rows = workspaces.map(({ workspace, running, home, resources: { cpu, memory, disk } }) => {
    return [workspace, running ? 'yes' : 'no', running ? cpu : '-', running ? memory : '-', home ? disk : '-'];
  });
  const table = rows.length === 0 ? [] : [formatTable([['WORKSPACE', 'RUNS', 'CPU', 'MEMORY', 'DISK'], ...rows])];
  return [`owner ${owner} in ${organization}`, formatTable(own), formatTable(used), ...table].join('\n\n');
}
