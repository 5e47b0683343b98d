import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

// The kernel sets this flag when a process begins to end; its namespaces cannot be entered any more.
const FLAG_EXITING = 0x4;

/** What the system tells of one process. */
export interface ProcessEntry {
  pid: number;
  parent: number;
  session: number;
  /** Ticks since boot on Linux, elsewhere a date; together with the pid it is never given twice. */
  startedAt: string;
  isEnding: boolean;
  /** By SIGSTOP or a debugger: it does nothing, and makes no other process, until it is let go on. */
  isStopped: boolean;
}

/** One process; null when there is none. One that has ended and only waits to be collected counts as none. */
export function readProcess(pid: number): ProcessEntry | null {
  if (process.platform !== 'linux') return listByPs(['-p', String(pid)])[0] ?? null;
  try {
    return parseStat(pid, readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return null;
  }
}

/** All processes there are. */
export function listProcesses(): ProcessEntry[] {
  if (process.platform !== 'linux') return listByPs(['-A']);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((entry) => entry !== null);
}

/** A process, and all that descend from it. */
export function listFamily(pid: number): ProcessEntry[] {
  const family = new Set([pid]);
  const all = listProcesses();
  for (let before = 0; before !== family.size; ) {
    before = family.size;
    for (const entry of all) if (family.has(entry.parent)) family.add(entry.pid);
  }
  return all.filter((entry) => family.has(entry.pid));
}

/** Whether a process was started with this setting in its environment; false where it cannot be seen. */
export function hasSetting(pid: number, setting: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(setting);
  } catch {
    return false;
  }
}

// The program's name stands in brackets and may hold anything, so fields are counted from the last bracket.
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

function listByPs(which: string[]): ProcessEntry[] {
  const { stdout } = spawnSync('ps', [...which, '-o', 'pid=,ppid=,pgid=,stat=,lstart='], {
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
