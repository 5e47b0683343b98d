import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

// The kernel sets this flag when a process begins to end; its namespaces cannot be entered any more.
const FLAG_EXITING = 0x4;

/** One process, as the system lists it. */
export interface ProcessEntry {
  pid: number;
  parent: number;
  session: number;
  /** Ticks since boot on Linux, elsewhere a date; unique together with the pid. */
  startedAt: string;
  isEnding: boolean;
  /** By SIGSTOP or a debugger: it does nothing, and creates no process, until it is continued. */
  isStopped: boolean;
}

/** One process; null when there is none. A zombie counts as none. */
export function readProcess(pid: number): ProcessEntry | null {
  if (process.platform !== 'linux') return listByPs(['-p', String(pid)])[0] ?? null;
  try {
    return parseStat(pid, readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return null;
  }
}

/** All processes of the system. */
export function listProcesses(): ProcessEntry[] {
  if (process.platform !== 'linux') return listByPs(['-A']);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((entry) => entry !== null);
}

/** A process and its descendants. */
export function listFamily(pid: number): ProcessEntry[] {
  const family = new Set([pid]);
  const all = listProcesses();
  for (let before = 0; before !== family.size; ) {
    before = family.size;
    for (const entry of all) if (family.has(entry.parent)) family.add(entry.pid);
  }
  return all.filter((entry) => family.has(entry.pid));
}

/** Whether a process was started with this setting in its environment; false where that cannot be read. */
export function hasSetting(pid: number, setting: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(setting);
  } catch {
    return false;
  }
}

// The name of the program is in brackets and may hold anything, so fields are counted from the last bracket.
function parseStat(pid: number, stat: string): ProcessEntry | null {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): string => fields[number - 3] ?? '';
  if (field(3) === 'Z' || field(3) === 'X') return null;
  return {
    pid,
    parent: Number(field(4)),
    session: Number(field(6)),
    startedAt: field(22),
    isEnding: (Number(field(9)) & FLAG_EXITING) !== 0,
    isStopped: /^[Tt]$/.test(field(3)),
  };
}

function listByPs(selection: string[]): ProcessEntry[] {
  const { stdout } = spawnSync('ps', [...selection, '-o', 'pid=,ppid=,pgid=,stat=,lstart='], {
    encoding: 'utf8',
    env: { LC_ALL: 'C', PATH: '/bin:/usr/bin' },
  });
  return (stdout ?? '').split('\n').flatMap((line) => {
    const [, pid, parent, group, state, startedAt] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line) ?? [];
    if (startedAt === undefined || state?.startsWith('Z')) return [];
    return [
      {
        pid: Number(pid),
        parent: Number(parent),
        session: Number(group),
        startedAt,
        isEnding: false,
        isStopped: state?.startsWith('T') === true,
      },
    ];
  });
}
