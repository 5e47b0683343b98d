/** Implements docs/owners.md: the current details of an owner, in Markdown. */
import type { OwnerView } from '../../../contract/payloads';

const SHOWN = 20;

/** What is in use first, then the settings, then the workspaces. */
export function viewOwnerDetails({ usage, quota, settings, changed, workspaces }: OwnerView): string {
  const of = (limit: number | string | null | undefined) => (limit === null || limit === undefined ? '' : ` of ${limit}`);
  const up = `CPU ${usage.cpu}${of(quota?.cpuPerOwner)}, memory ${usage.memory}${of(quota?.memoryPerOwner)}`;
  const homes = `${usage.homes}${of(quota?.homesPerOwner)} homes, disk ${usage.disk}${of(quota?.diskPerOwner)}`;
  const { dotfiles, autoStart } = settings;
  const start = autoStart ? `${autoStart.time ?? 'no time'} ${autoStart.timeZone ?? 'in no zone'}` : 'none';
  const last = changed ? `; changed ${changed.at}${changed.by ? ` by ${changed.by}` : ''}` : '';
  const rows = workspaces.slice(0, SHOWN).map(({ workspace, build, running, home, resources }) => {
    const { cpu, memory, disk } = resources;
    return `| ${workspace} | ${running ? `build ${build}` : 'no'} | ${running ? `${cpu}, ${memory}` : '-'} | ${home ? disk : '-'} |`;
  });
  const more = workspaces.length > SHOWN ? [`\n${workspaces.length - SHOWN} more in the query \`status\``] : [];
  return [
    `**${usage.running}${of(quota?.runningPerOwner)} running**, ${up}; ${homes}`,
    '',
    `Dotfiles ${dotfiles ? `\`${dotfiles.uri}\`${dotfiles.ref ? ` at \`${dotfiles.ref}\`` : ''}` : 'none'}; auto-start ${start}${last}`,
    ...(rows.length > 0 ? ['', '| Workspace | Runs | CPU, memory | Disk |', '| --- | --- | --- | --- |', ...rows, ...more] : []),
  ].join('\n');
}
